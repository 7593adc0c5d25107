import POSIX
import TestSupport
import Testing

@testable import PKI

struct JWSTests {
    @Test func `the ES256 vector of RFC 7515 is verified`() throws {
        let key = try JWSTests.key(
            x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        )
        let token = try JWS(
            compact: "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                + "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8IS"
                + "lSApmWQxfKTUJqPP3-Kg6NU1Q")
        #expect(String(decoding: token.header, as: UTF8.self) == #"{"alg":"ES256"}"#)
        #expect(try token.isSigned(by: key, .es256))
        #expect(try !token.isSigned(by: key, .rs256))
        #expect(try !token.isSigned(by: PrivateKey.generate(.ecP256).publicKey, .es256))
        #expect(
            try key.jsonWebKey()?.json
                == #"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
                + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#)
    }

    private static func key(x: String, y: String) throws -> PublicKey {
        let prefix: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
            0x86,
            0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        return try PublicKey(
            spkiDER: prefix + #require(Base64.url.decode(x)) + #require(Base64.url.decode(y)))
    }

    @Test(arguments: [
        (KeyAlgorithm.ecP256, JWSAlgorithm.es256, 64), (.ecP384, .es384, 96), (.rsa2048, .rs256, 256),
    ])
    func `a token of ours is verified, and no other`(
        kind: KeyAlgorithm, algorithm: JWSAlgorithm, width: Int
    ) async throws {
        let (token, key) = try await onThread {
            let key = try PrivateKey.generate(kind)
            return (try JWS(header: [1], payload: [], signedBy: key), key.publicKey)
        }
        #expect(token.signature.count == width)
        let read = try JWS(compact: token.compact)
        #expect(read == token)
        #expect(try read.isSigned(by: key, algorithm))
        let parts = token.compact.split(separator: ".", omittingEmptySubsequences: false)
        let changed = try JWS(compact: "Ag.\(parts[1]).\(parts[2])")
        #expect(try !changed.isSigned(by: key, algorithm))
        let cut = try JWS(
            compact: "\(parts[0]).\(parts[1]).\(Base64.url.encode(Array(token.signature.dropLast())))")
        #expect(try !cut.isSigned(by: key, algorithm))
    }

    @Test func `signatures keep their width when r or s is short`() throws {
        let key = try PrivateKey.generate(.ecP256)
        for round in 0..<600 {
            let token = try JWS(header: [1], payload: [UInt8(round & 255), UInt8(round >> 8)], signedBy: key)
            try #require(token.signature.count == 64)
            try #require(try token.isSigned(by: key.publicKey, .es256))
        }
    }

    @Test func `openssl verifies an RS256 token of ours`() async throws {
        let scratch = try ScratchDirectory()
        try await OpenSSLCommand.run("genrsa -out key.pem 2048", in: scratch)
        try await OpenSSLCommand.run("pkey -in key.pem -pubout -out public.pem", in: scratch)
        let token = try JWS(
            header: Array("{}".utf8), payload: Array("{}".utf8),
            signedBy: PrivateKey(pem: try scratch.bytes("key.pem")))
        try scratch.write("message", "e30.e30")
        try scratch.write("signature", Base64.standard.encode(token.signature))
        let said = try await OpenSSLCommand.run(
            "base64 -d -A -in signature -out raw && openssl dgst -sha256 -verify public.pem -signature raw message",
            in: scratch)
        #expect(said.contains("Verified OK"))
    }

    @Test(arguments: ["", "a", "a.b", "AQ.AQ.AQ.AQ", "AQ.A.AQ", "AQ==.AQ.AQ", ".AQ.AQ", "AQ.AQ.A+"])
    func `text that is no compact token is refused`(text: String) {
        #expect(throws: JWSError.self) { try JWS(compact: text) }
    }

    @Test func `a signature of zeros is refused`() throws {
        let key = try PrivateKey.generate(.ecP256).publicKey
        let zeros = Base64.url.encode([UInt8](repeating: 0, count: 64))
        #expect(try !JWS(compact: "AQ.AQ.\(zeros)").isSigned(by: key, .es256))
        #expect(try !JWS(compact: "AQ.AQ.").isSigned(by: key, .es256))
    }

    @Test func `the thumbprint is that of RFC 7638`() {
        let key = JSONWebKey(members: [
            ("e", "AQAB"), ("kty", "RSA"),
            (
                "n",
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXj"
                    + "BZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqz"
                    + "s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ"
                    + "-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
            ),
        ])
        #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func `an RSA key's members are its exponent and modulus`() async throws {
        let key = try await onThread { try PrivateKey.generate(.rsa2048).publicKey }
        let members = try #require(try key.jsonWebKey()).members
        #expect(members.map(\.name) == ["e", "kty", "n"])
        #expect(members[0].value == "AQAB" && members[1].value == "RSA")
        #expect(Base64.url.decode(members[2].value)?.count == 256)
    }
}
