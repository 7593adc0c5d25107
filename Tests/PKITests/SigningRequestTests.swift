import POSIX
import TestSupport
import Testing

@testable import PKI

struct SigningRequestTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test(arguments: [KeyAlgorithm.ecP256, .ecP384, .rsa2048])
    func `openssl verifies our request and reads our names from it`(algorithm: KeyAlgorithm) async throws {
        let request = try await onThread {
            try SigningRequest.create(
                commonName: "a.example.org", dnsNames: ["a.example.org", "*.b.example.org"],
                key: PrivateKey.generate(algorithm))
        }
        try scratch.write("request.pem", request.pem)
        let text = try await OpenSSLCommand.run("req -in request.pem -verify -noout -text", in: scratch)
        #expect(text.contains("verify OK"))
        #expect(text.contains("Subject: CN = a.example.org"))
        #expect(text.contains("DNS:a.example.org, DNS:*.b.example.org"))
        #expect(text.contains("SHA256") || text.contains("sha256"))
        #expect(request.pem.hasPrefix("-----BEGIN CERTIFICATE REQUEST-----\n"))
    }

    @Test(
        arguments: [
            (nil, ["a.example.org"]), ("agent-1", []), ("x.example.org", ["x.example.org", "y.example.org"]),
        ] as [(String?, [String])])
    func `a request is read as it was made`(commonName: String?, names: [String]) throws {
        let key = try PrivateKey.generate(.ecP256)
        let made = try SigningRequest.create(commonName: commonName, dnsNames: names, key: key)
        let read = try SigningRequest(pem: Array(made.pem.utf8))
        #expect(read == made)
        #expect(read.commonName == commonName)
        #expect(read.dnsNames == names)
        #expect(!read.hasOtherNames)
        #expect(read.publicKey == key.publicKey)
    }

    @Test func `a request made by openssl is read, and names of other kinds are noticed`() async throws {
        try await OpenSSLCommand.run(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem "
                + "-subj /CN=h.example.org -addext subjectAltName=DNS:h.example.org,IP:192.0.2.1",
            in: scratch)
        let request = try SigningRequest(pem: try scratch.bytes("request.pem"))
        #expect(request.commonName == "h.example.org")
        #expect(request.dnsNames == ["h.example.org"])
        #expect(request.hasOtherNames)
        #expect(request.publicKey == (try PrivateKey(pem: scratch.bytes("key.pem")).publicKey))
    }

    @Test func `a request that its own key has not signed is refused`() throws {
        let made = try SigningRequest.create(
            commonName: "a.example.org", dnsNames: ["a.example.org"], key: PrivateKey.generate(.ecP256))
        let name = Array("a.example.org".utf8)
        let place = try #require(
            made.der.indices.first { made.der[$0...].starts(with: name) })
        var forged = made.der
        forged[place] = UInt8(ascii: "b")
        let pem = Array(PEM.text(label: "CERTIFICATE REQUEST", contents: forged).utf8)
        #expect(throws: SigningRequestError.signatureInvalid) { try SigningRequest(pem: pem) }
    }

    @Test func `what is no single request is refused with its reason`() throws {
        let request = try SigningRequest.create(
            commonName: "x", dnsNames: [], key: PrivateKey.generate(.ecP256))
        let pem = Array(request.pem.utf8)
        let long = Array(PEM.text(label: "CERTIFICATE REQUEST", contents: request.der + [0]).utf8)
        let cut = Array(PEM.text(label: "CERTIFICATE REQUEST", contents: request.der.dropLast()).utf8)
        #expect(throws: SigningRequestError.missing) { try SigningRequest(pem: []) }
        #expect(throws: SigningRequestError.missing) { try SigningRequest(pem: TestAuthority().trustPEM) }
        #expect(throws: SigningRequestError.several) { try SigningRequest(pem: pem + pem) }
        #expect(throws: SigningRequestError.trailingBytes) { try SigningRequest(pem: long) }
        #expect(throws: SigningRequestError.self) { try SigningRequest(pem: cut) }
    }

    @Test func `a common name that is too long is an error of its making`() throws {
        let key = try PrivateKey.generate(.ecP256)
        let name = String(repeating: "a", count: 65)
        let error = #expect(throws: SigningRequestError.self) {
            try SigningRequest.create(commonName: name, dnsNames: [], key: key)
        }
        #expect(error?.description.contains("too long") == true)
    }
}

extension PEM {
    static func text(label: String, contents: ArraySlice<UInt8>) -> String {
        text(label: label, contents: Array(contents))
    }
}
