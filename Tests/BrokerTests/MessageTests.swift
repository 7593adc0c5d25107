import FoundationEssentials
import Testing

@testable import Broker

@Suite struct `Bodies on the wire` {
    @Test func `a bundle has the eight fields of the protocol`() throws {
        let bundle = IssuedBundle(
            certificatePEM: "L\n", chainPEM: "I\n", serialHex: "1f",
            notBefore: Date(timeIntervalSince1970: 1_800_000_000),
            notAfter: Date(timeIntervalSince1970: 1_800_000_059))
        let text = String(decoding: BrokerMessages.bundle(bundle, cache: .miss), as: UTF8.self)
        #expect(
            text == """
                {"cache":"miss","cert_pem":"L\\n","chain_pem":"I\\n","fullchain_pem":"L\\nI\\n",\
                "not_after":"2027-01-15T08:00:59Z","not_before":"2027-01-15T08:00:00Z","serial_number":"1f"}

                """)
    }

    @Test func `an order with fields besides is read`() {
        let order = BrokerMessages.OrderRequest(body: Array(#"{"profile":"p","csr_pem":"c","x":[1]}"#.utf8))
        #expect(order?.profile == "p")
        #expect(order?.csrPEM == "c")
    }

    @Test(arguments: [
        "", "[]", "{", #"{"profile":"p"}"#, #"{"profile":"","csr_pem":"c"}"#, #"{"profile":1}"#,
    ])
    func `anything else is an invalid request`(body: String) {
        #expect(BrokerMessages.OrderRequest(body: Array(body.utf8)) == nil)
    }

    @Test func `a body one byte too long is an invalid request`() {
        let room = BrokerMessages.largestRequest - #"{"profile":"p","csr_pem":""}"#.utf8.count
        func body(_ length: Int) -> [UInt8] {
            Array(#"{"profile":"p","csr_pem":"\#(String(repeating: "x", count: length))"}"#.utf8)
        }
        #expect(BrokerMessages.OrderRequest(body: body(room)) != nil)
        #expect(BrokerMessages.OrderRequest(body: body(room + 1)) == nil)
    }

    @Test func `a signed identity is leaf, intermediate and the chain of both`() throws {
        struct Signed: Decodable {
            var crt: String
            var ca: String
            var certChain: [String]
        }
        let signed = try JSONDecoder().decode(
            Signed.self, from: Data(StepCAMessages.signed(leaf: "L", intermediate: "I")))
        #expect(signed.crt == "L")
        #expect(signed.ca == "I")
        #expect(signed.certChain == ["L", "I"])
    }
}

@Suite struct `Claims of a token` {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    static func claims(_ change: (inout TokenClaims) -> Void = { _ in }) -> TokenClaims {
        var claims = TokenClaims(
            audience: "https://127.0.0.1:9000/1.0/sign", issuer: "lab", subject: "a.test", names: ["a.test"],
            validFrom: now, lasting: 300)
        claims.identifier = "once"
        change(&claims)
        return claims
    }

    static func refusal(of claims: TokenClaims) -> TokenClaims.Refusal? {
        do throws(TokenClaims.Refusal) {
            try claims.check(issuer: "lab", path: "/sign", now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "https://127.0.0.1:9000/1.0/sign", "https://127.0.0.1:1/sign", "https://LOCALHOST/1.0/sign",
        "https://localhost/1.0/sign#lab/kid",
    ])
    func `an audience counts by host and path`(audience: String) {
        #expect(Self.refusal(of: Self.claims { $0.audiences = ["https://other/", audience] }) == nil)
    }

    @Test func `each claim is held to the rules`() {
        let second = Int(Self.now.timeIntervalSince1970)
        #expect(Self.refusal(of: Self.claims()) == nil)
        #expect(Self.refusal(of: Self.claims { $0.issuer = "x" }) == .wrongIssuer)
        #expect(
            Self.refusal(of: Self.claims { $0.audiences = ["https://127.0.0.1/1.0/renew"] }) == .wrongAudience
        )
        #expect(
            Self.refusal(of: Self.claims { $0.audiences = ["http://127.0.0.1/1.0/sign"] }) == .wrongAudience)
        #expect(Self.refusal(of: Self.claims { $0.audiences = ["https://evil/1.0/sign"] }) == .wrongAudience)
        #expect(Self.refusal(of: Self.claims { $0.notBefore = second + 61 }) == .notYetValid)
        #expect(Self.refusal(of: Self.claims { $0.expiresAt = second - 60 }) == .expired)
        #expect(Self.refusal(of: Self.claims { $0.expiresAt = second - 59 }) == nil)
        #expect(Self.refusal(of: Self.claims { $0.expiresAt = nil }) == .incomplete)
        #expect(Self.refusal(of: Self.claims { $0.subject = "" }) == .incomplete)
        #expect(Self.refusal(of: Self.claims { $0.identifier = nil }) == .incomplete)
    }

    @Test func `one audience is a string and several are a list`() throws {
        let one = try JSONDecoder().decode(TokenClaims.self, from: Data(#"{"aud":"a","sub":"s"}"#.utf8))
        let two = try JSONDecoder().decode(TokenClaims.self, from: Data(#"{"aud":["a","b"]}"#.utf8))
        #expect(one.audiences == ["a"])
        #expect(two.audiences == ["a", "b"])
        #expect(String(decoding: JSONText.encode(one), as: UTF8.self) == #"{"aud":"a","sub":"s"}"# + "\n")
        #expect(String(decoding: JSONText.encode(two), as: UTF8.self) == #"{"aud":["a","b"]}"# + "\n")
    }
}
