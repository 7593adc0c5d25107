import Configuration
import FoundationEssentials
import Lifecycle
import Notation
import PKI
import Transfer

/// Speaks to step-ca: the few calls that an agent's identity needs.
///
/// Failures are `RenewalFailure`s with the stage `order`, in classes of their own (`ca_unreachable`,
/// `ca_untrusted`, `ca_refused`, `token_refused`): they concern the identity, never a service's certificate.
struct StepCAClient {
    private static let answerLimit = 256 << 10

    /// Without a trailing slash.
    let url: String
    let trust: ServerTrust
    let timeout: Duration
    let session: Session
    var stop = StopFlag()
    var clock = JudgedClock()

    /// `POST /1.0/sign`: spends the token. The PEM texts come leaf first.
    func sign(signingRequestPEM: String, token: StepCAToken) throws(RenewalFailure) -> [String] {
        let body = try encode(SignRequestBody(csr: signingRequestPEM, ott: token.disclosed))
        let answer = try ask(.post, "/1.0/sign", body: body, refusals: [401: .tokenRefused])
        return try chain(in: answer)
    }

    /// `POST /1.0/renew` over mutual TLS: same key, new certificate.
    func renew(with identity: ClientIdentity) throws(RenewalFailure) -> [String] {
        try chain(in: ask(.post, "/1.0/renew", identity: identity))
    }

    /// `POST /1.0/renew` with a token that the expired identity's key has signed, without a client certificate.
    /// step-ca grants it when the provisioner has `allowRenewalAfterExpiry`.
    func renewAfterExpiry(token: StepCAToken) throws(RenewalFailure) -> [String] {
        let authorization = HeaderField("Authorization", "Bearer \(token.disclosed)")
        return try chain(in: ask(.post, "/1.0/renew", headers: [authorization]))
    }

    /// `GET /health`, with or without a client certificate.
    func health() throws(RenewalFailure) {
        _ = try ask(.get, "/health")
    }

    /// The root certificate of this SHA-256 fingerprint. Nothing but the fingerprint vouches for it, so the
    /// server needn't be known: an answer with another fingerprint is refused.
    static func root(
        fingerprint: String, url: String, timeout: Duration, session: Session, stop: StopFlag = StopFlag()
    ) throws(RenewalFailure) -> [UInt8] {
        let client = StepCAClient(
            url: url, trust: .unverified, timeout: timeout, session: session, stop: stop)
        // step-ca has no root of that name: it is another one than the configured.
        let answer = try client.ask(.get, "/root/\(fingerprint)", refusals: [404: .caUntrusted])
        let root = try client.decode(RootAnswerBody.self, from: answer)
        guard let certificate = try? Certificate(pem: Array(root.ca.utf8)), certificate.sha256 == fingerprint
        else {
            throw RenewalFailure(
                stage: .order, .caUntrusted,
                detail:
                    "\(url) answered with a root certificate of another fingerprint than the configured one")
        }
        return Array(certificate.pem.utf8)
    }

    /// A client that trusts what the configuration says; a root known by its fingerprint is fetched first.
    static func configured(
        _ settings: StepCASettings, session: Session, stop: StopFlag = StopFlag(),
        clock: JudgedClock = JudgedClock()
    ) throws(RenewalFailure) -> StepCAClient {
        let (url, timeout) = (settings.url.text, settings.timeout)
        let anchors =
            switch settings.trust {
            case .rootBundle(let path): try TrustBundle.read(path, orThrow: .caUntrusted)
            case .fingerprint(let fingerprint):
                try root(
                    fingerprint: fingerprint.hex, url: url, timeout: timeout, session: session, stop: stop)
            }
        return StepCAClient(
            url: url, trust: .anchors(anchors), timeout: timeout, session: session, stop: stop, clock: clock)
    }

    // MARK: - One exchange

    private func ask(
        _ method: Method, _ path: String, headers: [HeaderField] = [], body: [UInt8] = [],
        identity: ClientIdentity? = nil, refusals: [Int: FailureClass] = [:]
    ) throws(RenewalFailure) -> Answer {
        var headers = headers
        if !body.isEmpty { headers.append(HeaderField("Content-Type", "application/json")) }
        let request = RemoteRequest(
            method, url + path, headers: headers, body: body,
            tls: MutualTLS(identity: identity, trust: trust, verifiedAt: clock.verification),
            limits: ExchangeLimits(
                connectTimeout: timeout, timeout: timeout, answerBytes: StepCAClient.answerLimit))
        let answer: Answer
        do { answer = try session.perform(request, stop: stop) } catch {
            throw RenewalFailure(
                stage: .order, FailureClass(stepCA: error), detail: "\(url)\(path): \(error.message)")
        }
        guard (200..<300).contains(answer.status) else {
            throw RenewalFailure(
                stage: .order, refusals[answer.status] ?? .caRefused, detail: Self.refusal(answer, path),
                isTransient: answer.status >= 500 || answer.status == 429)
        }
        return answer
    }

    /// The refusal in one line, with the request id under which step-ca's own log tells the cause.
    private static func refusal(_ answer: Answer, _ path: String) -> String {
        let body = try? JSON.decode(StepCAErrorBody.self, from: answer.body)
        let said = body.map { ": \(Printable.line($0.message, limit: 300))" } ?? ""
        let id = answer.headers["X-Request-Id"].map { " (request id \(Printable.line($0, limit: 64)))" } ?? ""
        return "step-ca answered \(answer.status) to \(path)\(said)\(id)"
    }

    private func chain(in answer: Answer) throws(RenewalFailure) -> [String] {
        try decode(SignAnswerBody.self, from: answer).chainPEM
    }

    private func encode(_ body: some Encodable) throws(RenewalFailure) -> [UInt8] {
        do { return try JSON.encode(body) } catch {
            throw RenewalFailure(stage: .csr, .csrFailed, detail: "the request can't be written as JSON")
        }
    }

    private func decode<Body: Decodable>(_ type: Body.Type, from answer: Answer) throws(RenewalFailure)
        -> Body
    {
        do { return try JSON.decode(type, from: answer.body) } catch {
            throw RenewalFailure(
                stage: .order, .caRefused,
                detail: "step-ca's answer is not what its protocol says: \(JSONFault.describe(error))",
                isTransient: true)
        }
    }
}

extension FailureClass {
    /// The class of an exchange with step-ca that brought no answer.
    init(stepCA error: TransferError) {
        self =
            switch error.kind {
            case .serverCertificate, .unusableTrust: .caUntrusted
            case .clientCertificateRefused: .caRefused
            case .unusableIdentity: .identityUnusable
            case .stopped: .stopped
            default: .caUnreachable
            }
    }
}
