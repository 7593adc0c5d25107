import FoundationEssentials
import HTTP
import HTTPServer
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent
@testable import Transfer

/// A broker's answer and what the client is to make of it.
struct AnswerVector: Sendable, CustomTestStringConvertible {
    var status: Int
    var body = #"{"error":"words of the broker"}"#
    var fields: [Field] = []
    var failureClass: FailureClass
    var isPossibleOrder = false
    var isTransient = true
    var retryAfter: Duration?
    var detail = "words of the broker"

    var testDescription: String { "\(status) \(failureClass.rawValue)" }
}

@Suite struct BrokerClientTests {
    let authority: TestAuthority
    let identity: TestIdentity

    init() throws {
        authority = try TestAuthority()
        identity = try authority.client("host.example.org")
    }

    private func server(
        of other: TestAuthority? = nil, names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"],
        clients: ClientCertificates? = nil, _ script: @escaping ScriptedServer.Script
    ) throws -> ScriptedServer {
        try ScriptedServer(
            (other ?? authority).server(names, addresses: addresses),
            clients: clients ?? .required(authorities: [authority.root.certificate]), script)
    }

    /// One order at that address, under the identity of this test.
    private func order(
        at url: String, profile: String = "web", timeout: Duration = .seconds(20),
        tls: MutualTLS? = nil, stop: StopFlag = StopFlag()
    ) async throws -> BrokerClient.Ordered {
        let tls =
            tls
            ?? MutualTLS(
                identity: ClientIdentity(
                    certificateChain: identity.chainPEM, privateKey: identity.keyBytes.span),
                trust: .anchors(authority.trustPEM))
        return try await onThread {
            BrokerClient(url: url, timeout: timeout).order(
                profile: profile, signingRequestPEM: "the request", tls: tls, session: try Session(),
                stop: stop)
        }
    }

    private func failure(_ ordered: BrokerClient.Ordered) throws -> RenewalFailure {
        guard case .failure(let failure) = ordered.result else { throw Missing() }
        #expect(failure.stage == .order)
        #expect(!failure.advice.isEmpty)
        #expect(!failure.detail.contains("\n"))
        return failure
    }

    @Test func `an order is the request that a broker reads, and the answer comes back as it was sent`()
        async throws
    {
        let body = """
            {"cert_pem":"C","chain_pem":"H","fullchain_pem":"F","serial_number":"1d",
            "not_before":"2026-01-01T00:00:00Z","not_after":"2026-04-01T00:00:00Z","cache":"miss","more":1}
            """
        let server = try server { _, _ in .now(Response(.ok, text: body)) }
        let ordered = try await order(at: server.url)
        let bundle = try ordered.result.get()
        #expect(
            bundle
                == UncheckedBundle(
                    certificatePEM: "C", chainPEM: "H", fullchainPEM: "F", serialNumber: "1d",
                    notBefore: "2026-01-01T00:00:00Z", notAfter: "2026-04-01T00:00:00Z", cache: "miss"))
        #expect(ordered.exchange.endpoint == "/v1/certificates")
        #expect(ordered.exchange.status == 200)
        #expect(ordered.exchange.took > .zero)
        let request = try required(server.requests.first)
        #expect(request.method == .post)
        #expect(request.target.text == "/v1/certificates")
        #expect(request.fields["Content-Type"] == "application/json")
        let sent = try JSONDecoder().decode([String: String].self, from: Data(request.body))
        #expect(sent == ["profile": "web", "csr_pem": "the request"])
    }

    static let answers: [AnswerVector] = [
        AnswerVector(
            status: 400, failureClass: .invalidRequest, isTransient: false),
        AnswerVector(status: 401, failureClass: .unauthorized, isTransient: false),
        AnswerVector(status: 403, failureClass: .forbidden, isTransient: false),
        AnswerVector(
            status: 404, body: "404 page not found\n", failureClass: .wrongEndpoint, isTransient: false,
            detail: "404"),
        AnswerVector(
            status: 405, body: "", failureClass: .wrongEndpoint, isTransient: false, detail: "405"),
        AnswerVector(status: 409, failureClass: .unexpectedAnswer),
        AnswerVector(status: 429, failureClass: .rateLimited),
        AnswerVector(
            status: 429, fields: [Field("Retry-After", "120")], failureClass: .rateLimited,
            retryAfter: .seconds(120)),
        AnswerVector(
            status: 429, fields: [Field("Retry-After", "soon")], failureClass: .rateLimited),
        AnswerVector(status: 500, failureClass: .brokerError, isPossibleOrder: true),
        AnswerVector(
            status: 502, fields: [Field("Retry-After", "7")], failureClass: .issuanceFailed,
            isPossibleOrder: true, retryAfter: .seconds(7)),
        AnswerVector(
            status: 503, fields: [Field("Retry-After", "5")], failureClass: .brokerUnavailable,
            retryAfter: .seconds(5)),
        AnswerVector(
            status: 504, body: "<html>", fields: [Field("Retry-After", "9")],
            failureClass: .unexpectedAnswer, isPossibleOrder: true, retryAfter: .seconds(9), detail: "504"),
        AnswerVector(status: 201, failureClass: .unexpectedAnswer, isPossibleOrder: true),
        AnswerVector(
            status: 307, fields: [Field("Location", "https://elsewhere.test/\u{9}x")],
            failureClass: .redirected, isTransient: false, detail: "https://elsewhere.test/ x"),
        AnswerVector(
            status: 400, body: #"{"error":"a\nlevel=INFO \u202e\#(String(repeating: "x", count: 400))"}"#,
            failureClass: .invalidRequest, isTransient: false, detail: "a level=INFO  xxx"),
        AnswerVector(
            status: 200, body: "{}", failureClass: .answerMalformed, isPossibleOrder: true,
            detail: "cert_pem is missing"),
        AnswerVector(
            status: 200, body: #"{"cert_pem":7}"#, failureClass: .answerMalformed, isPossibleOrder: true,
            detail: "cert_pem has the wrong type"),
        AnswerVector(
            status: 200, body: #"{"cert_pem":null}"#, failureClass: .answerMalformed,
            isPossibleOrder: true, detail: "cert_pem"),
        AnswerVector(
            status: 200, body: "[]", failureClass: .answerMalformed, isPossibleOrder: true,
            detail: "it is not a JSON object"),
        AnswerVector(
            status: 200, body: #"{"cert_pem":"SECRET"#, failureClass: .answerMalformed,
            isPossibleOrder: true, detail: "it is not complete, valid JSON"),
        AnswerVector(
            status: 200, body: String(repeating: " ", count: BrokerClient.answerLimit + 1),
            failureClass: .answerTooLarge, isPossibleOrder: true, detail: "2097152"),
    ]

    @Test(arguments: answers)
    func `every answer that is no bundle has its class`(vector: AnswerVector) async throws {
        let server = try server { _, _ in
            .now(Response(Status(vector.status), text: vector.body, fields: vector.fields))
        }
        let ordered = try await order(at: server.url)
        let failure = try failure(ordered)
        #expect(failure.failureClass == vector.failureClass)
        #expect(failure.isPossibleOrder == vector.isPossibleOrder)
        #expect(failure.isTransient == vector.isTransient)
        #expect(failure.retryAfter == vector.retryAfter)
        #expect(failure.detail.contains(vector.detail), "\(failure.detail)")
        #expect(!failure.detail.contains("SECRET"))
        #expect(failure.detail.utf8.count < 400)
        #expect(ordered.exchange.status == (vector.failureClass == .answerTooLarge ? nil : vector.status))
        #expect(server.requests.count == 1)
    }

    @Test func `a request that no broker reads isn't sent`() async throws {
        let server = try server { _, _ in .now(Response(.ok, text: "{}")) }
        let ordered = try await order(at: server.url, profile: String(repeating: "p", count: 70_000))
        let failure = try failure(ordered)
        #expect(failure.failureClass == .invalidRequest)
        #expect(!failure.isPossibleOrder)
        #expect(ordered.exchange.status == nil)
        #expect(server.requests.isEmpty)
    }

    // MARK: Nothing was sent

    private func expectNothingSent(
        _ ordered: BrokerClient.Ordered, _ expected: FailureClass,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let failure = try failure(ordered)
        #expect(failure.failureClass == expected, "\(failure.detail)", sourceLocation: sourceLocation)
        #expect(!failure.isPossibleOrder, "\(failure.detail)", sourceLocation: sourceLocation)
        #expect(ordered.exchange.status == nil, sourceLocation: sourceLocation)
    }

    @Test func `a name without an address, and a port without a listener`() async throws {
        let endless = String(repeating: "a", count: 64) + ".invalid"
        try expectNothingSent(try await order(at: "https://\(endless)"), .brokerNotResolved)
        let port = try Socket.listen(host: "127.0.0.1", port: 0).localPort() ?? 1
        try expectNothingSent(try await order(at: "https://127.0.0.1:\(port)"), .brokerUnreachable)
    }

    @Test func `a server that isn't the broker is told nothing`() async throws {
        let script: ScriptedServer.Script = { _, _ in .now(Response(.ok, text: "{}")) }
        let servers = [
            try server(of: TestAuthority(named: "Other"), clients: .notRequested, script),
            try server(names: ["other.example.org"], addresses: ["127.0.0.2"], script),
            try ScriptedServer(nil, script),
        ]
        for server in servers {
            try expectNothingSent(try await order(at: server.url), .brokerTLSFailed)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a refused client certificate is the identity's failure`() async throws {
        let stranger = try TestAuthority(named: "Stranger")
        let server = try server(clients: .required(authorities: [stranger.root.certificate])) { _, _ in
            .now(Response(.ok, text: "{}"))
        }
        try expectNothingSent(try await order(at: server.url), .identityRefused)
        let bare = MutualTLS(identity: nil, trust: .anchors(authority.trustPEM))
        try expectNothingSent(try await order(at: server.url, tls: bare), .identityRefused)
        #expect(server.requests.isEmpty)
    }

    @Test func `an identity and anchors that can't be read are told apart`() async throws {
        let server = try server { _, _ in .now(Response(.ok, text: "{}")) }
        let other = try authority.client("other.example.org")
        let mismatched = ClientIdentity(
            certificateChain: identity.chainPEM, privateKey: other.keyBytes.span)
        try expectNothingSent(
            try await order(
                at: server.url, tls: MutualTLS(identity: mismatched, trust: .anchors(authority.trustPEM))),
            .identityUnusable)
        try expectNothingSent(
            try await order(
                at: server.url, tls: MutualTLS(identity: nil, trust: .anchors(Array("torn".utf8)))),
            .brokerTLSFailed)
    }

    @Test func `a broker that takes the connection and says nothing counts as out of reach`() async throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try required(listener.localPort())
        let ordered = try await order(at: "https://127.0.0.1:\(port)", timeout: .milliseconds(300))
        try expectNothingSent(ordered, .brokerUnreachable)
        _ = consume listener
    }

    // MARK: The answer was lost

    private func expectLost(
        _ ordered: BrokerClient.Ordered, _ expected: FailureClass,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let failure = try failure(ordered)
        #expect(failure.failureClass == expected, "\(failure.detail)", sourceLocation: sourceLocation)
        #expect(failure.isPossibleOrder, sourceLocation: sourceLocation)
        #expect(failure.isTransient, sourceLocation: sourceLocation)
        #expect(ordered.exchange.status == nil, sourceLocation: sourceLocation)
    }

    @Test func `a broker that hangs over an order may still place it`() async throws {
        let silence = Silence()
        let server = try server { _, responder in silence.keep(responder) }
        let ordered = try await order(at: server.url, timeout: .seconds(3))
        try expectLost(ordered, .brokerTimeout)
        #expect(server.requests.count == 1)
    }

    @Test func `an order that is cut off by the agent's stop may be placed`() async throws {
        let (silence, stop) = (Silence(), StopFlag())
        let server = try server { _, responder in
            stop.raise()
            return silence.keep(responder)
        }
        try expectLost(try await order(at: server.url, stop: stop), .stopped)
    }

    static let endings: [(FailureClass, String?)] = [
        (.connectionLost, nil),
        (.connectionLost, "HTTP/1.1 200 OK\r\nContent-Le"),
        (.connectionLost, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"cert_pem\":"),
        (.answerMalformed, "SSH-2.0-OpenSSH_9.2\r\n"),
        (.answerTooLarge, "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n"),
    ]

    @Test(arguments: endings)
    func `a connection that ends without an answer`(expected: FailureClass, bytes: String?) async throws {
        let server = try server { _, responder in
            if let bytes {
                responder.respondRaw(Array(bytes.utf8), thenClose: true)
            } else {
                responder.drop()
            }
            return .later
        }
        try expectLost(try await order(at: server.url), expected)
        #expect(server.requests.count == 1)
    }

    @Test func `an alert about the identity on a connection that has served before may follow an order`() {
        let late = TransferError(
            kind: .clientCertificateRefused, message: "alert", requestWasSent: true)
        #expect(RenewalFailure(order: late).isPossibleOrder)
        let early = TransferError(
            kind: .clientCertificateRefused, message: "alert", requestWasSent: false)
        #expect(!RenewalFailure(order: early).isPossibleOrder)
    }
}
