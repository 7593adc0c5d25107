import FoundationEssentials
import HTTP
import Log
import PKI
import Testing

@testable import Broker

/// step-ca's side of a lab without its listener.
struct StepCAFixture {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    let hierarchy: LabHierarchy
    let provisioner: Provisioner
    let endpoint: StepCAEndpoint
    let record: LabRecord
    let log = LogCapture()

    init() throws {
        hierarchy = try LabHierarchy.make("Test", now: Self.now)
        provisioner = try Provisioner(key: PrivateKey.generate(.ecP256))
        record = LabRecord(Logger(destination: .capture(log)))
        endpoint = StepCAEndpoint(
            IdentityAuthority(
                root: hierarchy.root, issuer: hierarchy.intermediate, provisioner: provisioner,
                lifetime: .seconds(86_400)), record)
    }

    func token(_ change: (inout TokenClaims) -> Void = { _ in }) throws -> String {
        var claims = TokenClaims(
            audience: "https://127.0.0.1:9000/1.0/sign", issuer: Provisioner.name, subject: "a.test",
            names: ["a.test"], validFrom: Self.now, lasting: 300)
        claims.identifier = UUID().uuidString
        change(&claims)
        return try provisioner.sign(claims)
    }

    func csr(_ name: String? = "a.test", _ names: [String] = [], key: borrowing PrivateKey) throws -> String {
        try SigningRequest.create(commonName: name, dnsNames: names, key: key).pem
    }

    func post(
        _ path: String, _ body: some Encodable, identity: Certificate? = nil, fields: [Field] = [],
        at now: Date = now
    ) throws -> Response {
        let request = try Request(.post, path, fields: fields, body: JSONText.encode(body))
        return endpoint.respond(to: request, identity: identity, now: now)
    }

    func get(_ path: String) throws -> Response {
        endpoint.respond(to: try Request(.get, path), identity: nil, now: Self.now)
    }
}

/// What a 201 holds.
struct SignedAnswer: Decodable {
    var crt: String
    var ca: String
    var certChain: [String]

    init(_ response: Response) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(response.bodyBytes))
    }

    func leaf() throws -> Certificate { try Certificate(pem: Array(crt.utf8)) }
}

private struct ErrorAnswer: Decodable {
    var status: Int
    var message: String

    init(_ response: Response) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(response.bodyBytes))
    }
}

@Suite struct `Signing an identity` {
    let ca: StepCAFixture

    init() throws { ca = try StepCAFixture() }

    @Test(arguments: ["/1.0/sign", "/sign"])
    func `a one-time token and a request give a leaf and its intermediate`(path: String) throws {
        let key = try PrivateKey.generate(.ecP256)
        let response = try ca.post(path, ["csr": try ca.csr(key: key), "ott": try ca.token()])
        #expect(response.status == .created)
        #expect(response.fields.contains { $0.name == "X-Request-Id" })
        let answer = try SignedAnswer(response)
        let leaf = try answer.leaf()
        #expect(answer.certChain == [answer.crt, answer.ca])
        #expect(leaf.isSigned(by: try Certificate(pem: Array(answer.ca.utf8))))
        #expect(leaf.subjectCommonName == "a.test")
        #expect(leaf.dnsNames == ["a.test"])
        #expect(leaf.publicKey == key.publicKey)
        #expect(leaf.extendedKeyUsages == [.serverAuth, .clientAuth])
        #expect(leaf.notBefore == StepCAFixture.now - 60)
        #expect(leaf.notAfter == StepCAFixture.now + 86_399)
        #expect(ca.record.counters.identities == 1)
    }

    @Test func `every problem of a token is 401 with one and the same text`() throws {
        let key = try PrivateKey.generate(.ecP256)
        let stranger = try Provisioner(key: PrivateKey.generate(.ecP256))
        let second = Int(StepCAFixture.now.timeIntervalSince1970)
        let used = try ca.token()
        let good = try ca.token()
        let csr = try ca.csr(key: key)
        _ = try ca.post("/sign", ["csr": csr, "ott": used])
        let parts = good.split(separator: ".").map(String.init)
        let otherSignature = try ca.token().split(separator: ".").map(String.init)[2]
        let unsigned = Base64.url.encode(Array(#"{"alg":"none"}"#.utf8)) + "." + parts[1] + "."
        let tokens = [
            used,
            try stranger.token(
                subject: "a.test", names: ["a.test"], audience: "https://127.0.0.1/1.0/sign", rootSHA256: "",
                validFrom: StepCAFixture.now),
            [parts[0], parts[1], otherSignature].joined(separator: "."),
            unsigned,
            "garbage",
            try ca.token { $0.expiresAt = second - 61 },
            try ca.token { $0.notBefore = second + 61 },
            try ca.token { $0.audiences = ["https://127.0.0.1/1.0/renew"] },
            try ca.token { $0.issuer = "somebody" },
        ]
        var texts: Set<String> = []
        for token in tokens {
            let response = try ca.post("/sign", ["csr": csr, "ott": token])
            #expect(response.status == .unauthorized, "\(token)")
            let answer = try ErrorAnswer(response)
            #expect(answer.status == 401)
            texts.insert(answer.message)
        }
        #expect(texts.count == 1)
        #expect(ca.record.counters.identities == 1)
        let reasons = ca.log.lines.filter { $0.contains("identity refused") }.suffix(tokens.count)
        #expect(Set(reasons.compactMap { $0.split(separator: "token: ").last }).count >= 7)
    }

    @Test func `a name that is not the token's is forbidden with the detail`() throws {
        let key = try PrivateKey.generate(.ecP256)
        for csr in [try ca.csr("b.test", key: key), try ca.csr("a.test", ["b.test"], key: key)] {
            let response = try ca.post("/sign", ["csr": csr, "ott": try ca.token()])
            #expect(response.status == .forbidden)
            #expect(try ErrorAnswer(response).message.contains("b.test"))
        }
        let same = try ca.post(
            "/sign", ["csr": try ca.csr("a.test", ["a.test"], key: key), "ott": try ca.token()])
        #expect(same.status == .created)
    }

    @Test func `what is missing or no JSON is a bad request`() throws {
        let key = try PrivateKey.generate(.ecP256)
        for body in [["csr": try ca.csr(key: key)], ["ott": "x"], ["csr": "nonsense", "ott": "x"]] {
            #expect(try ca.post("/sign", body).status == .badRequest)
        }
        let request = try Request(.post, "/sign", body: Array("{".utf8))
        #expect(ca.endpoint.respond(to: request, identity: nil, now: StepCAFixture.now).status == .badRequest)
    }
}

@Suite final class `Renewing an identity` {
    let ca: StepCAFixture
    let key: PrivateKey
    let identity: Certificate

    init() throws {
        ca = try StepCAFixture()
        key = try PrivateKey.generate(.ecP256)
        identity = try SignedAnswer(
            try ca.post("/sign", ["csr": try ca.csr(key: key), "ott": try ca.token()])
        ).leaf()
    }

    func renewalToken(_ change: (inout TokenClaims, inout TokenHeader) -> Void = { _, _ in }) throws -> Field
    {
        var header = TokenHeader(algorithm: "ES256", expiredChain: [Base64.standard.encode(identity.der)])
        var claims = TokenClaims(
            audience: "https://127.0.0.1:9000/1.0/renew", issuer: "step-ca-client/1.0", subject: "a.test",
            names: [],
            validFrom: StepCAFixture.now + 90_000, lasting: 300)
        claims.names = nil
        claims.identifier = "once"
        change(&claims, &header)
        let jws = try JWS(header: JSONText.encode(header), payload: JSONText.encode(claims), signedBy: key)
        return Field("Authorization", "Bearer \(jws.compact)")
    }

    @Test func `over mutual TLS the same key gets a new serial`() throws {
        let later = StepCAFixture.now + 3600
        let response = try ca.post("/1.0/renew", [String: String](), identity: identity, at: later)
        #expect(response.status == .created)
        let renewed = try SignedAnswer(response).leaf()
        #expect(renewed.publicKey == key.publicKey)
        #expect(renewed.serialHex != identity.serialHex)
        #expect(renewed.dnsNames == identity.dnsNames)
        #expect(renewed.notAfter == identity.notAfter + 3600)
    }

    @Test func `without a client certificate it is a bad request`() throws {
        #expect(try ca.post("/renew", [String: String]()).status == .badRequest)
        #expect(try ca.post("/rekey", ["csr": try ca.csr(key: key)]).status == .badRequest)
    }

    @Test func `after expiry a token signed by the old key renews once`() throws {
        let later = StepCAFixture.now + 90_000
        let token = try renewalToken()
        let first = try ca.post("/1.0/renew", [String: String](), fields: [token], at: later)
        #expect(first.status == .created)
        #expect(try SignedAnswer(first).leaf().notAfter > later)
        let again = try ca.post("/1.0/renew", [String: String](), fields: [token], at: later)
        #expect(again.status == .unauthorized)
    }

    @Test func `a renewal token that is not the identity's own is refused`() throws {
        let later = StepCAFixture.now + 90_000
        let other = try LabHierarchy.make("Other", now: StepCAFixture.now).intermediate.issueLeaf(
            "a.test", ["a.test"], for: key.publicKey, LabValidity(lifetime: .seconds(60), now: later),
            usages: [.clientAuth])
        let stranger = try ca.hierarchy.intermediate.issueLeaf(
            "a.test", ["a.test"], for: PrivateKey.generate(.ecP256).publicKey,
            LabValidity(lifetime: .seconds(60), now: later), usages: [.clientAuth])
        let tokens = [
            try renewalToken { $1.expiredChain = [Base64.standard.encode(other.der)] },
            try renewalToken { $1.expiredChain = [Base64.standard.encode(stranger.der)] },
            try renewalToken { $1.expiredChain = nil },
            try renewalToken { claims, _ in claims.subject = "b.test" },
            try renewalToken { claims, _ in claims.audiences = ["https://127.0.0.1/1.0/sign"] },
            try renewalToken { claims, _ in claims.issuer = "lab" },
        ]
        for token in tokens {
            #expect(
                try ca.post("/renew", [String: String](), fields: [token], at: later).status == .unauthorized)
        }
    }

    @Test func `a rekey changes the key and nothing else`() throws {
        let fresh = try PrivateKey.generate(.ecP256)
        let response = try ca.post("/1.0/rekey", ["csr": try ca.csr(key: fresh)], identity: identity)
        let leaf = try SignedAnswer(response).leaf()
        #expect(leaf.publicKey == fresh.publicKey)
        #expect(leaf.subjectCommonName == "a.test")
    }
}

@Suite struct `What step-ca tells anyone` {
    let ca: StepCAFixture

    init() throws { ca = try StepCAFixture() }

    @Test func `the root is found by its fingerprint in any case`() throws {
        for fingerprint in [ca.hierarchy.root.sha256, ca.hierarchy.root.sha256.uppercased()] {
            let response = try ca.get("/root/\(fingerprint)")
            #expect(response.status == .ok)
            let body = try JSONDecoder().decode([String: String].self, from: Data(response.bodyBytes))
            #expect(body["ca"] == ca.hierarchy.root.pem)
        }
        #expect(try ca.get("/1.0/root/00").status == .notFound)
    }

    @Test func `roots are created and health is well`() throws {
        let roots = try ca.get("/1.0/roots")
        #expect(roots.status == .created)
        let body = try JSONDecoder().decode([String: [String]].self, from: Data(roots.bodyBytes))
        #expect(body == ["crts": [ca.hierarchy.root.pem]])
        #expect(String(decoding: try ca.get("/health").bodyBytes, as: UTF8.self) == "{\"status\":\"ok\"}\n")
    }

    @Test(arguments: ["/", "//sign", "/1.0", "/2.0/sign", "/sign/", "/root"])
    func `other paths are not found`(path: String) throws {
        #expect(try ca.post(path, [String: String]()).status == .notFound)
    }

    @Test func `other methods are not allowed`() throws {
        #expect(try ca.get("/sign").status == .methodNotAllowed)
        #expect(try ca.post("/health", [String: String]()).status == .methodNotAllowed)
    }
}
