import FoundationEssentials
import POSIX
import TestSupport
import Testing

@testable import PKI

struct CertificateTests {
    private let scratch: ScratchDirectory
    private let authority: TestAuthority

    init() throws {
        scratch = try ScratchDirectory()
        authority = try TestAuthority()
    }

    @Test func `the facts are those that openssl prints`() async throws {
        let made = try authority.server(["a.example.org", "*.b.example.org"]).leaf
        try scratch.write("cert.pem", made.pem)
        let printed = try await OpenSSLCommand.run(
            "x509 -in cert.pem -noout -serial -fingerprint -sha256 -subject -issuer -nameopt RFC2253 -dates "
                + "-dateopt iso_8601 -ext subjectAltName,extendedKeyUsage,basicConstraints",
            in: scratch)
        let fingerprint = printed.split(separator: "\n").first { $0.hasPrefix("sha256 Fingerprint=") }
        #expect(printed.contains("serial=\(made.serialHex.uppercased())"))
        #expect(fingerprint?.dropFirst(19).filter { $0 != ":" }.lowercased() == made.sha256)
        #expect(printed.contains("subject=\(made.subjectName)\n"))
        #expect(printed.contains("issuer=\(made.issuerName)\n"))
        #expect(printed.contains("notBefore=\(text(made.notBefore))"))
        #expect(printed.contains("notAfter=\(text(made.notAfter))"))
        #expect(printed.contains("DNS:a.example.org, DNS:*.b.example.org, IP Address:127.0.0.1"))
        #expect(printed.contains("CA:FALSE"))
        #expect(printed.contains("TLS Web Server Authentication"))
        #expect(made.dnsNames == ["a.example.org", "*.b.example.org"])
        #expect(made.hasOtherNames)
        #expect(made.subjectCommonName == "a.example.org")
        #expect(!made.isCA && authority.intermediate.certificate.isCA)
        #expect(made.extendedKeyUsages == [.serverAuth])
        #expect(made.permits(.serverAuth) && !made.permits(.clientAuth))
        #expect(authority.root.certificate.permits(.clientAuth))
    }

    private func text(_ date: Date) -> String {
        date.formatted(.iso8601.dateTimeSeparator(.space))
    }

    @Test func `a certificate made by openssl is read`() async throws {
        try await OpenSSLCommand.run(
            "req -x509 -utf8 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -set_serial 0x00a1b2 "
                + "-subj '/O=Größe/CN=x' -days 30 -addext extendedKeyUsage=clientAuth,1.2.3.4",
            in: scratch)
        let certificate = try Certificate(pem: try scratch.bytes("cert.pem"))
        #expect(certificate.serialHex == "a1b2")
        #expect(certificate.subjectName == "CN=x,O=Größe")
        #expect(certificate.issuerName == certificate.subjectName)
        #expect(certificate.subjectCommonName == "x")
        #expect(certificate.dnsNames.isEmpty && !certificate.hasOtherNames)
        #expect(certificate.extendedKeyUsages == [.clientAuth, ExtendedKeyUsage(rawValue: "1.2.3.4")])
        #expect(certificate.publicKeyAlgorithm == .rsa2048)
        #expect(certificate.lifetime == .seconds(30 * 86_400 + 1))
        #expect(certificate.isSelfSigned)
        #expect(certificate.matches(try PrivateKey(pem: try scratch.bytes("key.pem"))))
        #expect(!certificate.matches(try PrivateKey.generate(.ecP256)))
    }

    @Test func `both ends of the validity are valid`() throws {
        let start = authority.now
        let certificate = try authority.identity(
            authority.template(commonName: "x", notBefore: start, lifetime: 3600)
        ).leaf
        #expect(certificate.lifetime == .seconds(3600))
        #expect(!certificate.isValid(at: start - 0.5))
        #expect(certificate.isValid(at: start))
        #expect(certificate.isValid(at: start + 3599.5))
        #expect(!certificate.isValid(at: start + 3600))
    }

    @Test(
        arguments: [
            ([0x00], "0"), ([0x01], "1"), ([0x0F, 0x00], "f00"), ([0x80], "80"), ([0x00, 0xFF], "ff"),
        ] as [([UInt8], String)])
    func `serial numbers have no leading zeros`(serial: [UInt8], hex: String) throws {
        var template = authority.template(commonName: "x")
        template.serial = serial
        #expect(try authority.identity(template).leaf.serialHex == hex)
    }

    @Test func `serial numbers are random, positive and 128 bits long`() throws {
        let serials = try (0..<20).map { _ in try authority.client("x").leaf.serialHex }
        #expect(Set(serials).count == 20)
        #expect(serials.allSatisfy { $0.count == 32 && "4567".contains($0.prefix(1)) })
    }

    @Test func `dates beyond 2050 and before 1970 survive`() throws {
        var template = authority.template(commonName: "x")
        template.notBefore = Date(timeIntervalSince1970: -86_400)
        template.notAfter = Date(timeIntervalSince1970: 253_402_300_799)
        let leaf = try authority.identity(template).leaf
        #expect(leaf.notBefore == template.notBefore)
        #expect(leaf.notAfter == template.notAfter)
    }

    @Test func `a bundle is read in order, and the PEM stays as it was sent`() throws {
        let (root, intermediate) = (authority.root.certificate, authority.intermediate.certificate)
        let windows = root.pem.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
        let bundle =
            Array("# ours\n\(windows)\nkey:\n".utf8) + (try authority.server().keyBytes)
            + Array(intermediate.pem.utf8)
        let read = try Certificate.all(inPEM: bundle)
        #expect(read == [root, intermediate])
        #expect(read[0].pem == String(windows.dropLast(1)) + "\n")
        #expect(read[0].der == root.der)
    }

    @Test func `what is no single certificate is refused with its reason`() throws {
        let leaf = try authority.server().leaf
        let pem = Array(leaf.pem.utf8)
        #expect(throws: CertificateError.missing) { try Certificate(pem: []) }
        #expect(throws: CertificateError.missing) { try Certificate(pem: authority.server().keyBytes) }
        #expect(throws: CertificateError.several) { try Certificate(pem: pem + pem) }
        #expect(throws: CertificateError.trailingBytes) { try Certificate(der: leaf.der + [0]) }
        #expect(throws: CertificateError.self) { try Certificate(der: []) }
        #expect(throws: CertificateError.pem(PEMError(line: 1, reason: .unfinished(label: "CERTIFICATE")))) {
            try Certificate(pem: pem.dropLast(40) + [])
        }
    }

    @Test func `no cut or flipped byte is a trap`() throws {
        let der = try authority.server().leaf.der
        for length in 0..<der.count {
            #expect(throws: CertificateError.self) { try Certificate(der: Array(der[..<length])) }
        }
        for index in der.indices {
            var flipped = der
            flipped[index] ^= 0xFF
            let read = try? Certificate(der: flipped)
            #expect(read?.isSigned(by: authority.intermediate.certificate) != true)
        }
    }

    @Test func `a name with a NUL in it is refused`() throws {
        let template = authority.template(commonName: "x", dnsNames: ["good.example.org\0.evil.example"])
        #expect(throws: CertificateIssuingError.unreadable(.undecodable("subject alternative names"))) {
            try authority.identity(template)
        }
    }

    @Test func `two common names are none`() async throws {
        try await OpenSSLCommand.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out cert.pem "
                + "-subj /CN=one/CN=two",
            in: scratch)
        #expect(try Certificate(pem: scratch.bytes("cert.pem")).subjectCommonName == nil)
    }
}
