import Configuration
import FoundationEssentials
import Lifecycle
import PKI
import Transfer

extension Inspection {
    /// Shakes hands with step-ca, and with the broker under the identity if there is one.
    public func onlineFindings() -> [Finding] {
        let session: Session
        do { session = try Session() } catch {
            return [Finding(.problem, "libcurl", error.message)]
        }
        let urls = [settings.broker.url] + settings.broker.failoverURLs
        return [stepCA(session)] + urls.map { broker($0.text, session) }
    }

    private func stepCA(_ session: Session) -> Finding {
        let (subject, url) = ("identity.step_ca", settings.identity.stepCA.url.text)
        do throws(RenewalFailure) {
            try StepCAClient.configured(settings.identity.stepCA, session: session).health()
            return Finding(.ok, subject, "\(url) answers")
        } catch {
            return Finding(.problem, subject, error.detail, advice: error.advice)
        }
    }

    private func broker(_ url: String, _ session: Session) -> Finding {
        let subject = "broker"
        do throws(RenewalFailure) {
            let identity = try IdentityFiles(settings.identity).presentable(at: now)
            let tls = MutualTLS(
                identity: identity.clientIdentity,
                trust: .anchors(try TrustBundle.read(settings.broker.serverCABundlePath)))
            let status = try BrokerClient(url: url, timeout: settings.broker.timeout).health(
                tls: tls, session: session)
            guard status == 200 else {
                return Finding(
                    .problem, subject, "\(url)/healthz answers \(status)",
                    advice: FailureClass.brokerUnavailable.advice)
            }
            return Finding(.ok, subject, "\(url) answers, and takes this identity")
        } catch {
            if error.failureClass == .notEnrolled {
                return Finding(.notice, subject, "not asked: there is no identity yet")
            }
            return Finding(.problem, subject, error.detail, advice: error.advice)
        }
    }
}

extension BrokerClient {
    /// `GET /healthz`, behind the same handshake as orders; the status of the answer.
    func health(tls: MutualTLS, session: Session) throws(RenewalFailure) -> Int {
        let request = RemoteRequest(
            .get, url + "/healthz", tls: tls,
            limits: ExchangeLimits(
                connectTimeout: min(timeout, .seconds(10)), timeout: timeout, answerBytes: 4096))
        do { return try session.perform(request).status } catch { throw RenewalFailure(order: error) }
    }
}
