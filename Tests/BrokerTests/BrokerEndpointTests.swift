import FoundationEssentials
import HTTP
import HTTPServer
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Broker

/// The broker's side of a lab without its listener.
final class BrokerFixture: Sendable {
    let ca: LabHierarchy
    let identities: LabHierarchy
    let identity: Certificate
    let scratch: ScratchDirectory
    let desk: OrderDesk
    let endpoint: BrokerEndpoint
    let record: LabRecord
    let log = LogCapture()

    init(
        limits: HourlyLimits = .off, issueDelay: Duration = .zero, lifetime: Duration = .seconds(90 * 86_400),
        faults: String = ""
    ) throws {
        let now = Date()
        ca = try LabHierarchy.make("Service", now: now)
        identities = try LabHierarchy.make("Identity", now: now)
        identity = try Self.identity("edge01.lab.test", under: identities)
        scratch = try ScratchDirectory()
        try scratch.write("faults", faults)
        record = LabRecord(Logger(destination: .capture(log)))
        desk = try OrderDesk(ca, lifetime: lifetime, issueDelay: issueDelay, limits: limits, record: record)
        let options = try LabOptions(arguments: ["--dir", "/x", "--certificates", "2"])
        endpoint = BrokerEndpoint(
            policy: try BrokerPolicy(reading: Array(LabDocuments.policy(options).utf8)),
            faults: FaultFile(path: scratch.path("faults")), desk: desk, record: record)
        try desk.start()
    }

    deinit { desk.stop() }

    static func identity(
        _ name: String, under ca: LabHierarchy, usages: [ExtendedKeyUsage] = [.serverAuth, .clientAuth]
    ) throws -> Certificate {
        try ca.intermediate.issueLeaf(
            name, [name], for: PrivateKey.generate(.ecP256).publicKey,
            LabValidity(lifetime: .seconds(3600), now: Date()), usages: usages)
    }

    /// The body of an order for c0001 with a new key, unless something else is wanted.
    static func order(
        profile: String = "c0001", _ commonName: String? = "c0001.lab.test",
        _ names: [String] = ["c0001.lab.test"]
    ) throws -> [UInt8] {
        let key = try PrivateKey.generate(.ecP256)
        let csr = try SigningRequest.create(commonName: commonName, dnsNames: names, key: key)
        return JSONText.encode(["profile": profile, "csr_pem": csr.pem])
    }

    /// What becomes of a request, however long it takes.
    func send(
        _ method: HTTP.Method = .post, _ path: String = "/v1/certificates", _ body: [UInt8] = [],
        as identity: Certificate? = nil
    ) async throws -> Responder.Delivery {
        let request = try Request(method, path, body: body)
        let peer = Peer(
            address: .tcp(host: "127.0.0.1", port: 1), isSecure: true, certificate: identity ?? self.identity)
        return await withCheckedContinuation { continuation in
            let once = Lock<CheckedContinuation<Responder.Delivery, Never>?>(continuation)
            @Sendable func resume(_ delivery: Responder.Delivery) {
                once.withLock { $0.take() }?.resume(returning: delivery)
            }
            let responder = Responder(resume)
            if case .now(let response) = endpoint.handle(request, from: peer, responder) {
                resume(.response(response))
            }
            // One that goes without having answered is an answer.
            withExtendedLifetime(responder) {}
        }
    }

    func response(to body: [UInt8], as identity: Certificate? = nil) async throws -> Response {
        guard case .response(let response) = try await send(.post, "/v1/certificates", body, as: identity)
        else {
            throw Unanswered()
        }
        return response
    }

    func bundle(for body: [UInt8]) async throws -> BundleAnswer {
        try BundleAnswer(try await response(to: body))
    }
}

struct Unanswered: Error {}

/// What a 200 holds.
struct BundleAnswer: Decodable, Equatable {
    var cert_pem: String
    var chain_pem: String
    var fullchain_pem: String
    var serial_number: String
    var not_before: String
    var not_after: String
    var cache: String

    init(_ response: Response) throws {
        #expect(response.status == .ok)
        self = try JSONDecoder().decode(Self.self, from: Data(response.bodyBytes))
    }

    func leaf() throws -> Certificate { try Certificate(pem: Array(cert_pem.utf8)) }
}

func errorText(_ response: Response) throws -> String {
    try JSONDecoder().decode([String: String].self, from: Data(response.bodyBytes))["error"] ?? ""
}

@Suite struct `Ordering a certificate` {
    @Test func `the answer is a leaf for the request under the service CA`() async throws {
        let broker = try BrokerFixture()
        let answer = try await broker.bundle(for: try BrokerFixture.order())
        let leaf = try answer.leaf()
        #expect(leaf.dnsNames == ["c0001.lab.test"])
        #expect(leaf.extendedKeyUsages == [.serverAuth])
        #expect(leaf.isSigned(by: broker.ca.intermediate.certificate))
        #expect(leaf.serialHex == answer.serial_number)
        #expect(leaf.lifetime == .seconds(90 * 86_400 + 60))
        #expect(leaf.notAfter.ISO8601Format() == answer.not_after)
        #expect(answer.fullchain_pem == answer.cert_pem + answer.chain_pem)
        #expect(answer.cache == "miss")
        let line = try #require(broker.log.lines.first { $0.contains("msg=\"order issued\"") })
        #expect(
            line.contains(
                "identity=edge01.lab.test profile=c0001 key=\(leaf.spkiSHA256) serial=\(leaf.serialHex)"))
    }

    @Test func `the same key again is the same certificate and another key is another`() async throws {
        let broker = try BrokerFixture()
        let body = try BrokerFixture.order()
        let first = try await broker.bundle(for: body)
        let again = try await broker.bundle(for: body)
        let other = try await broker.bundle(for: try BrokerFixture.order())
        #expect(again.cache == "hit")
        #expect(again.serial_number == first.serial_number)
        #expect(other.cache == "miss")
        #expect(other.serial_number != first.serial_number)
        #expect(broker.record.counters.ordersByProfile == ["c0001": 2])
        #expect(broker.record.counters.cacheHits == 1)
    }

    @Test func `identical concurrent requests are one order`() async throws {
        let broker = try BrokerFixture(issueDelay: .milliseconds(100))
        let body = try BrokerFixture.order()
        let serials = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await broker.bundle(for: body).serial_number } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(serials.count == 1)
        #expect(broker.record.counters.orders == 1)
        #expect(broker.record.counters.joined + broker.record.counters.cacheHits == 7)
    }

    @Test func `names that are not the profile's are forbidden`() async throws {
        let broker = try BrokerFixture()
        let bodies = [
            try BrokerFixture.order("c0001.lab.test", ["c0001.lab.test", "c0002.lab.test"]),
            try BrokerFixture.order("c0002.lab.test", ["c0002.lab.test"]),
            try BrokerFixture.order("c0002.lab.test", ["c0001.lab.test"]),
            try BrokerFixture.order(profile: "c0003", "c0003.lab.test", ["c0003.lab.test"]),
        ]
        for body in bodies {
            let response = try await broker.response(to: body)
            #expect(response.status == .forbidden)
            #expect(try errorText(response) == "forbidden")
        }
        let spelled = try BrokerFixture.order(nil, ["C0001.lab.test"])
        #expect(try await broker.response(to: spelled).status == .ok)
        #expect(broker.record.counters.orders == 1)
        #expect(broker.record.counters.refusalsByStatus == [403: 4])
    }

    @Test func `a stranger is forbidden and a certificate that is no identity is unauthorized`() async throws
    {
        let broker = try BrokerFixture()
        let body = try BrokerFixture.order()
        let stranger = try BrokerFixture.identity("edge02.lab.test", under: broker.identities)
        let server = try BrokerFixture.identity(
            "edge01.lab.test", under: broker.identities, usages: [.serverAuth])
        #expect(try await broker.response(to: body, as: stranger).status == .forbidden)
        #expect(try await broker.response(to: body, as: server).status == .unauthorized)
        let authority = broker.identities.intermediate.certificate
        #expect(try await broker.response(to: body, as: authority).status == .unauthorized)
    }

    @Test(arguments: [
        ("{", "invalid request"), (#"{"profile":"c0001"}"#, "invalid request"),
        (#"{"profile":"c0001","csr_pem":"nonsense"}"#, "invalid csr"),
    ])
    func `a request of another form is refused`(body: String, error: String) async throws {
        let response = try await BrokerFixture().response(to: Array(body.utf8))
        #expect(response.status == .badRequest)
        #expect(try errorText(response) == error)
    }

    @Test func `calls beyond the limit wait for the hour`() async throws {
        let broker = try BrokerFixture(limits: HourlyLimits(perIdentity: 5, perProfile: 1))
        let body = try BrokerFixture.order()
        _ = try await broker.bundle(for: body)
        let refused = try await broker.response(to: body)
        #expect(refused.status == .tooManyRequests)
        #expect(try errorText(refused) == "rate limited")
        let wait = try #require(refused.fields.first { $0.name == "Retry-After" }.flatMap { Int($0.value) })
        #expect((3000...3600).contains(wait))
    }

    @Test func `other paths and methods are told so in plain text`() async throws {
        let broker = try BrokerFixture()
        func status(_ method: HTTP.Method, _ path: String) async throws -> Int? {
            guard case .response(let response) = try await broker.send(method, path) else { return nil }
            return response.status.code
        }
        #expect(try await status(.get, "/healthz") == 200)
        #expect(try await status(.get, "/readyz") == 200)
        #expect(try await status(.get, "/v1/certificates") == 405)
        #expect(try await status(.post, "/healthz") == 405)
        #expect(try await status(.get, "/") == 404)
    }
}

@Suite struct `Faults on an order` {
    @Test(arguments: [
        ("forbidden", 403, "forbidden"), ("internal-error", 500, "internal error"),
        ("issuance-failed", 502, "issuance failed"), ("unavailable", 503, "policy not loaded"),
        ("rate-limited:30s", 429, "rate limited"),
    ])
    func `an answer without an order`(fault: String, status: Int, error: String) async throws {
        let broker = try BrokerFixture(faults: fault + "@c0001x1\n")
        let body = try BrokerFixture.order()
        let other = try await broker.response(
            to: try BrokerFixture.order(profile: "c0002", "c0002.lab.test", ["c0002.lab.test"]))
        let response = try await broker.response(to: body)
        #expect(other.status == .ok)
        #expect(response.status.code == status)
        #expect(try errorText(response) == error)
        #expect(response.fields.first { $0.name == "Retry-After" }?.value == (status == 429 ? "30" : nil))
        #expect(try await broker.bundle(for: body).cache == "miss")
    }

    @Test func `a redirect leads to where the request came from`() async throws {
        let response = try await BrokerFixture(faults: "redirect").response(to: try BrokerFixture.order())
        #expect(response.status.code == 307)
        #expect(response.fields.first { $0.name == "Location" }?.value == "/v1/certificates")
    }

    @Test func `a latency delays the answer`() async throws {
        let broker = try BrokerFixture(faults: "latency:80ms")
        let start = ContinuousClock.now
        _ = try await broker.bundle(for: try BrokerFixture.order())
        #expect(ContinuousClock.now - start >= .milliseconds(80))
    }

    @Test func `a lost answer is one order and the next try has it`() async throws {
        let broker = try BrokerFixture(faults: "lost-answerx1")
        let body = try BrokerFixture.order()
        guard case .drop = try await broker.send(.post, "/v1/certificates", body) else { throw Unanswered() }
        #expect(try await broker.bundle(for: body).cache == "hit")
        #expect(broker.record.counters.orders == 1)
    }

    @Test func `a half-closed answer promises more than it gives`() async throws {
        let broker = try BrokerFixture(faults: "half-closedx1")
        let delivery = try await broker.send(.post, "/v1/certificates", try BrokerFixture.order())
        guard case .raw(let bytes, thenClose: true) = delivery else { throw Unanswered() }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        let promised = try #require(
            text.split(separator: "Content-Length: ").last?.split(separator: "\r\n").first)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(try #require(Int(promised)) / 2 == parts[1].utf8.count)
    }

    @Test func `a body is too large or half of the JSON`() async throws {
        let broker = try BrokerFixture(faults: "too-largex1\ntruncated-jsonx1")
        let body = try BrokerFixture.order()
        let large = try await broker.response(to: body)
        #expect(large.body.count == 2 * 1024 * 1024 + 1)
        _ = try BundleAnswer(large)
        let half = try await broker.response(to: body)
        #expect(half.status == .ok)
        #expect(throws: (any Error).self) { _ = try BundleAnswer(half) }
    }

    @Test func `the faults file is read again when it has changed`() async throws {
        let broker = try BrokerFixture(faults: "forbidden\n")
        let body = try BrokerFixture.order()
        #expect(try await broker.response(to: body).status == .forbidden)
        try broker.scratch.write("faults", "explode\nunavailable\n")
        #expect(try await broker.response(to: body).status == .serviceUnavailable)
        #expect(broker.log.lines.contains { $0.contains("msg=\"faults file\"") && $0.contains("explode") })
        try broker.scratch.write("faults", "")
        #expect(try await broker.response(to: body).status == .ok)
    }
}

@Suite struct `Bundles with a fault` {
    /// The bundle a fault makes, and then the honest one for the same request.
    func bundles(_ fault: String) async throws -> (
        bad: BundleAnswer, good: BundleAnswer, broker: BrokerFixture
    ) {
        let broker = try BrokerFixture(faults: fault + "x1")
        let body = try BrokerFixture.order()
        let bad = try await broker.bundle(for: body)
        let good = try await broker.bundle(for: body)
        #expect(good.cache == "hit")
        #expect(broker.record.counters.orders == 1)
        #expect(good.fullchain_pem == good.cert_pem + good.chain_pem)
        return (bad, good, broker)
    }

    @Test func `wrong-key is a leaf like the right one but for its key`() async throws {
        let (bad, good, broker) = try await bundles("wrong-key")
        #expect(try bad.leaf().publicKey != good.leaf().publicKey)
        #expect(try bad.leaf().dnsNames == good.leaf().dnsNames)
        #expect(try bad.leaf().isSigned(by: broker.ca.intermediate.certificate))
    }

    @Test func `expired-leaf ended an hour ago`() async throws {
        let (bad, good, _) = try await bundles("expired-leaf")
        let age = try Date().timeIntervalSince(bad.leaf().notAfter)
        #expect((3590...3660).contains(age))
        #expect(try bad.leaf().publicKey == good.leaf().publicKey)
        #expect(try bad.leaf().lifetime == good.leaf().lifetime)
    }

    @Test func `wrong-names is for somebody else`() async throws {
        let (bad, good, _) = try await bundles("wrong-names")
        #expect(try bad.leaf().dnsNames == ["elsewhere.lab.test"])
        #expect(try bad.leaf().publicKey == good.leaf().publicKey)
    }

    @Test func `swapped-chain begins with the intermediate`() async throws {
        let (bad, good, _) = try await bundles("swapped-chain")
        #expect(bad.fullchain_pem == good.chain_pem + good.cert_pem)
    }

    @Test func `missing-chain is the leaf alone`() async throws {
        let (bad, good, _) = try await bundles("missing-chain")
        #expect(bad.chain_pem == "")
        #expect(bad.fullchain_pem == good.cert_pem)
    }

    @Test func `broken-chain holds an intermediate that did not sign the leaf`() async throws {
        let (bad, good, _) = try await bundles("broken-chain")
        #expect(bad.cert_pem == good.cert_pem)
        let stranger = try Certificate(pem: Array(bad.chain_pem.utf8))
        #expect(stranger.isCA)
        #expect(try !bad.leaf().isSigned(by: stranger))
        #expect(bad.fullchain_pem == bad.cert_pem + bad.chain_pem)
    }
}

@Suite struct `The validity of leaves` {
    static let now = Date(timeIntervalSince1970: 1_800_000_000.7)

    @Test(arguments: [(60, 1), (3600, 60), (90 * 86_400, 60), (2, 0)])
    func `a lifetime counts from now and is dated back by little`(seconds: Int64, back: Double) {
        let validity = LabValidity(lifetime: .seconds(seconds), now: Self.now)
        #expect(validity.notBefore == Date(timeIntervalSince1970: 1_800_000_000 - back))
        #expect(validity.notAfter == Date(timeIntervalSince1970: 1_800_000_000 + Double(seconds) - 1))
    }
}
