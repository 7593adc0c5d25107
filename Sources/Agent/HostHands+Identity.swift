import Configuration
import Lifecycle
import Log
import POSIX
import Transfer

extension HostHands {
    func lookAtIdentity() -> FoundIdentity {
        let configured = current
        var found = configured.identity.look()
        found.previous = configured.previousIdentity.read()?.facts
        if found.hasBootstrapToken, let refused = refusedToken.withLock({ $0 }), refused == tokenFingerprint()
        {
            found.hasBootstrapToken = false
        }
        return found
    }

    private func tokenFingerprint() -> FileFingerprint? {
        current.settings.identity.bootstrapTokenPath.map { FileFingerprint(of: $0) }
    }

    private func authority(_ configured: Configured) -> IdentityAuthority {
        IdentityAuthority(
            settings: configured.settings.identity, state: state, files: configured.identity,
            installer: installer, clock: clock, log: log)
    }

    func forgetPreviousIdentity() {
        do { try current.previousIdentity.forget() } catch {
            log.warn("the identity before could not be removed", ["error": .string("\(error)")])
        }
    }

    func restoreIdentity(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal
    ) -> IdentityRenewalOutcome {
        let configured = current
        let authority = authority(configured)
        let broker = configured.settings.broker
        return outcome(context) { session throws(RenewalFailure) in
            guard let previous = configured.previousIdentity.read() else {
                throw RenewalFailure(stage: .order, .notEnrolled, detail: "there is no identity to put back")
            }
            let refused = configured.identity.read().leaf
            let tls = MutualTLS(
                identity: previous.clientIdentity,
                trust: .anchors(try TrustBundle.read(broker.serverCABundlePath)),
                verifiedAt: self.clock.verification)
            var refusal = RenewalFailure(stage: .order, .brokerUnreachable, detail: "no broker was asked")
            for address in brokers {
                let client = BrokerClient(url: address.text, timeout: broker.timeout)
                do throws(RenewalFailure) {
                    _ = try client.health(tls: tls, session: session)
                    return try authority.restore(insteadOf: refused)
                } catch { refusal = error }
            }
            throw refusal
        }
    }

    func renewIdentity(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        let authority = authority(current)
        return outcome(context) { session throws(RenewalFailure) in
            try authority.renew(session: session, stop: stop.exchanges)
        }
    }

    func enroll(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        let token = tokenFingerprint()
        let enrolment = current.enrolment
        let outcome = outcome(context) { session throws(RenewalFailure) in
            try enrolment.run(session: session, stop: stop.exchanges).facts
        }
        if case .failed(let failure) = outcome, !failure.isTransient {
            refusedToken.withLock { $0 = token }
        }
        return outcome
    }

    private func outcome(
        _ context: WorkerContext, _ body: (Session) throws(RenewalFailure) -> IdentityFacts
    ) -> IdentityRenewalOutcome {
        let session: Session
        do { session = try context.session() } catch {
            return .failed(RenewalFailure(stage: .order, FailureClass(stepCA: error), detail: error.message))
        }
        do { return .renewed(try body(session)) } catch { return .failed(error) }
    }
}

extension IdentityFiles {
    convenience init(_ settings: IdentitySettings) {
        self.init(
            name: settings.name,
            paths: Paths(
                certificate: settings.certificatePath, key: settings.keyPath,
                issuerBundle: settings.issuerCABundlePath, bootstrapToken: settings.bootstrapTokenPath))
    }
}
