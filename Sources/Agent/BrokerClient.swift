import FoundationEssentials
import Lifecycle
import Notation
import POSIX
import Transfer

/// Sends orders to the broker, and puts every way in which that can fail into a class of its own.
struct BrokerClient {
    static let ordersPath = "/v1/certificates"
    /// A bundle is a few kilobytes; more than this is no bundle.
    static let answerLimit = 2 << 20

    /// Without a trailing slash.
    let url: String
    /// For the whole exchange.
    let timeout: Duration

    /// What became of an order, and what the metrics count of it.
    struct Ordered {
        var result: Result<UncheckedBundle, RenewalFailure>
        var exchange: BrokerExchange
    }

    /// Asks for a certificate: `POST /v1/certificates`. Blocks until the broker has answered or the time is up.
    func order(
        profile: String, signingRequestPEM: String, tls: MutualTLS, session: Session, stop: StopFlag
    ) -> Ordered {
        let body = CertificateRequestBody(profile: profile, signingRequestPEM: signingRequestPEM)
        guard let encoded = try? JSON.encode(body),
            encoded.count <= CertificateRequestBody.maximumBytes
        else {
            // Encoding two strings doesn't fail; so it is the size.
            let failure = RenewalFailure(
                stage: .order, .invalidRequest,
                detail:
                    "the request is larger than the \(CertificateRequestBody.maximumBytes) bytes a broker reads"
            )
            return Ordered(
                result: .failure(failure),
                exchange: exchange(nil, took: .zero))
        }
        let request = RemoteRequest(
            .post, url + Self.ordersPath,
            headers: [
                HeaderField("Content-Type", "application/json"), HeaderField("Accept", "application/json"),
            ],
            body: Array(encoded), tls: tls,
            limits: ExchangeLimits(
                connectTimeout: min(timeout, .seconds(10)), timeout: timeout, answerBytes: Self.answerLimit))
        let started = Clock.boottime()
        do throws(TransferError) {
            let answer = try session.perform(request, stop: stop)
            return Ordered(
                result: Self.bundle(from: answer),
                exchange: exchange(
                    answer.status, took: answer.timings.total,
                    time: ServerTime(answer, began: started, ended: Clock.boottime())))
        } catch {
            return Ordered(
                result: .failure(RenewalFailure(order: error)),
                exchange: exchange(nil, took: Clock.boottime() - started))
        }
    }

    private func exchange(_ status: Int?, took: Duration, time: ServerTime? = nil) -> BrokerExchange {
        BrokerExchange(
            broker: BrokerAddress(url), endpoint: Self.ordersPath, status: status, took: took, time: time)
    }

    private static func bundle(from answer: Answer) -> Result<UncheckedBundle, RenewalFailure> {
        guard answer.status == 200 else { return .failure(RenewalFailure(refusedOrder: answer)) }
        do {
            return .success(try JSON.decode(UncheckedBundle.self, from: answer.body))
        } catch {
            // The broker said yes, so the order was placed: asking for the same key again may find it cached.
            return .failure(
                RenewalFailure(
                    stage: .order, .answerMalformed,
                    detail:
                        "the broker's answer is not the JSON of a certificate: \(JSONFault.describe(error))",
                    isPossibleOrder: true))
        }
    }
}

extension RenewalFailure {
    /// An order without an answer.
    init(order error: TransferError) {
        self.init(
            stage: .order, FailureClass(broker: error), detail: error.message,
            isPossibleOrder: error.requestWasSent)
    }

    /// An answer that is not a bundle.
    init(refusedOrder answer: Answer) {
        let said = BrokerErrorBody.text(of: answer.body).map { ": \($0)" } ?? ""
        let detail = "the broker answered \(answer.status)\(said)"
        switch answer.status {
        case 300..<400:
            let target = answer.headers["Location"].map { " to \(Printable.line($0, limit: 200))" } ?? ""
            self.init(stage: .order, .redirected, detail: "the broker answered \(answer.status)\(target)")
        case 400: self.init(stage: .order, .invalidRequest, detail: detail)
        case 401: self.init(stage: .order, .unauthorized, detail: detail)
        case 403: self.init(stage: .order, .forbidden, detail: detail)
        case 404, 405: self.init(stage: .order, .wrongEndpoint, detail: detail)
        case 429:
            self.init(
                stage: .order, .rateLimited, detail: detail, retryAfter: RetryAfter.duration(in: answer))
        case 500, 502:
            self.init(
                stage: .order, answer.status == 500 ? .brokerError : .issuanceFailed, detail: detail,
                retryAfter: RetryAfter.duration(in: answer), isPossibleOrder: true)
        case 503:
            self.init(
                stage: .order, .brokerUnavailable, detail: detail, retryAfter: RetryAfter.duration(in: answer)
            )
        default:
            // A gateway's 504 hides a broker that may still be at work; so may anything else above 500, and what
            // sounds like a yes.
            self.init(
                stage: .order, .unexpectedAnswer, detail: detail, retryAfter: RetryAfter.duration(in: answer),
                isPossibleOrder: answer.status > 500 || answer.status < 300)
        }
    }
}

extension FailureClass {
    /// The class of an exchange with the broker that brought no answer.
    init(broker error: TransferError) {
        self =
            switch error.kind {
            case .resolve, .timedOut(.resolve): .brokerNotResolved
            case .connect, .timedOut(.connect), .timedOut(.handshake): .brokerUnreachable
            case .tls, .serverCertificate, .unusableTrust: .brokerTLSFailed
            case .clientCertificateRefused: .identityRefused
            case .unusableIdentity: .identityUnusable
            case .timedOut(.answer): .brokerTimeout
            case .stopped: .stopped
            case .tooLarge: .answerTooLarge
            case .malformed: .answerMalformed
            case .closedEarly: .connectionLost
            case .invalidRequest: .wrongEndpoint
            case .library: error.requestWasSent ? .connectionLost : .brokerUnreachable
            }
    }
}

extension BrokerErrorBody {
    /// The broker's own words, made fit for one line of log.
    static func text(of body: [UInt8]) -> String? {
        guard let decoded = try? JSON.decode(BrokerErrorBody.self, from: body) else {
            return nil
        }
        return Printable.line(decoded.error, limit: 200)
    }
}
