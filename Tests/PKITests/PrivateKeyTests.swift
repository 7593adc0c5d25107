import POSIX
import TestSupport
import Testing

@testable import PKI

struct PrivateKeyTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    @Test(arguments: [
        ("ecparam -name prime256v1 -genkey", "EC PRIVATE KEY", KeyAlgorithm.ecP256),
        ("ecparam -name secp384r1 -genkey -noout", "EC PRIVATE KEY", .ecP384),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "PRIVATE KEY", .ecP256),
        ("genrsa -traditional", "RSA PRIVATE KEY", .rsa2048),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "PRIVATE KEY", .rsa2048),
    ])
    func `keys made by openssl are read in every format`(
        command: String, label: String, algorithm: KeyAlgorithm
    ) async throws {
        try await OpenSSLCommand.run("\(command) -out key.pem", in: scratch)
        try await OpenSSLCommand.run("pkey -in key.pem -pubout -outform DER -out public.der", in: scratch)
        let text = try scratch.read("key.pem")
        #expect(text.contains("-----BEGIN \(label)-----"))
        let key = try PrivateKey(pem: Array(text.utf8))
        #expect(key.algorithm == algorithm)
        #expect(key.publicKey.spkiDER == (try scratch.bytes("public.der")))
        #expect(key.publicKey.spkiSHA256 == SHA256.hex(try scratch.bytes("public.der")))
    }

    @Test func `an EC key is read with its parameter block and without it`() async throws {
        try await OpenSSLCommand.run("ecparam -name prime256v1 -genkey -out key.pem", in: scratch)
        let text = try scratch.read("key.pem")
        #expect(text.hasPrefix("-----BEGIN EC PARAMETERS-----"))
        let alone = text.split(separator: "\n").drop { !$0.contains("BEGIN EC PRIVATE KEY") }
        #expect(alone.count > 3)
        let whole = try PrivateKey(pem: Array(text.utf8)).publicKey
        let bare = try PrivateKey(pem: Array(alone.joined(separator: "\n").utf8)).publicKey
        #expect(whole == bare)
    }

    @Test(arguments: KeyAlgorithm.allCases.filter { $0 != .rsa4096 && $0 != .rsa3072 })
    func `keys of ours are read by openssl and by us`(algorithm: KeyAlgorithm) async throws {
        let (pem, publicKey) = try await onThread {
            let key = try PrivateKey.generate(algorithm)
            return (try key.pkcs8PEM(), key.publicKey)
        }
        let text = pem.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
        #expect(text.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(try PrivateKey(pem: pem).publicKey == publicKey)
        try scratch.write("key.pem", text, mode: 0o600)
        try await OpenSSLCommand.run("pkey -in key.pem -check -noout", in: scratch)
        try await OpenSSLCommand.run("pkey -in key.pem -pubout -outform DER -out public.der", in: scratch)
        #expect(try scratch.bytes("public.der") == publicKey.spkiDER)
    }

    @Test(arguments: [
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret",
        "genrsa -traditional -aes256 -passout pass:secret",
    ])
    func `an encrypted key is refused without asking anybody`(command: String) async throws {
        try await OpenSSLCommand.run("\(command) -out key.pem", in: scratch)
        let pem = try scratch.bytes("key.pem")
        #expect(throws: PrivateKeyError.encrypted) { _ = try PrivateKey(pem: pem) }
        #expect(PrivateKeyError.encrypted.description.contains("encrypted"))
    }

    @Test(arguments: [
        ("genpkey -algorithm ED25519", "ED25519"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "EC secp521r1"),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA 1024"),
    ])
    func `a key of another kind is read and named`(command: String, description: String) async throws {
        try await OpenSSLCommand.run("\(command) -out key.pem", in: scratch)
        let key = try PrivateKey(pem: try scratch.bytes("key.pem"))
        #expect(key.algorithm == nil)
        #expect(key.algorithmDescription == description)
    }

    @Test func `two keys, no key and foreign formats are told apart`() throws {
        let authority = try TestAuthority()
        let key = try authority.server().keyBytes
        let certificate = authority.trustPEM
        let foreign = Array(PEM.text(label: "OPENSSH PRIVATE KEY", contents: [1, 2, 3]).utf8)
        #expect(throws: PrivateKeyError.several) { _ = try PrivateKey(pem: key + key) }
        #expect(throws: PrivateKeyError.missing) { _ = try PrivateKey(pem: certificate) }
        #expect(throws: PrivateKeyError.missing) { _ = try PrivateKey(pem: []) }
        #expect(throws: PrivateKeyError.unsupportedFormat(label: "OPENSSH PRIVATE KEY")) {
            _ = try PrivateKey(pem: foreign)
        }
        #expect(throws: PrivateKeyError.pem(PEMError(line: 1, reason: .unfinished(label: "PRIVATE KEY")))) {
            _ = try PrivateKey(pem: Array("-----BEGIN PRIVATE KEY-----\nAQID\n".utf8))
        }
        #expect(try PrivateKey(pem: certificate + key).publicKey == PrivateKey(pem: key).publicKey)
    }

    @Test(arguments: ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"])
    func `damaged bytes are refused, and bytes after the key too`(label: String) throws {
        let pem = try TestAuthority().server().keyBytes
        let der = try #require(try PEM.blocks(in: pem).first).contents
        for length in [1, 2, 10, der.count / 2, der.count - 1] {
            let cut = Array(PEM.text(label: label, contents: Array(der[..<length])).utf8)
            #expect(throws: PrivateKeyError.self) { _ = try PrivateKey(pem: cut) }
        }
        let long = Array(PEM.text(label: "PRIVATE KEY", contents: der + [0]).utf8)
        #expect(throws: PrivateKeyError.trailingBytes) { _ = try PrivateKey(pem: long) }
    }

    @Test func `a key with another key's public half is refused`() throws {
        let authority = try TestAuthority()
        let (one, other) = (try authority.server(), try authority.server())
        var der = try #require(try PEM.blocks(in: one.keyBytes).first).contents
        let point = other.leaf.publicKey.spkiDER.suffix(65)
        der.replaceSubrange(der.count - 65..<der.count, with: point)
        let forged = Array(PEM.text(label: "PRIVATE KEY", contents: der).utf8)
        let error = #expect(throws: PrivateKeyError.self) { _ = try PrivateKey(pem: forged) }
        guard case .inconsistent = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
