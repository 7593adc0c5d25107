import POSIX
import TestSupport
import Testing

@testable import PKI

/// Certificates and blocks that no honest authority makes.
@Suite struct AbsurdCertificateTests {
    @Test func `a serial number of a thousand bytes is refused, a long one is read`() async throws {
        let scratch = try ScratchDirectory()
        let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=x "
        let (long, absurd) = (String(repeating: "ab", count: 32), String(repeating: "ab", count: 1000))
        try await OpenSSLCommand.run(make + "-set_serial 0x\(long) -out long.pem", in: scratch)
        try await OpenSSLCommand.run(make + "-set_serial 0x\(absurd) -out absurd.pem", in: scratch)
        #expect(try Certificate(pem: scratch.bytes("long.pem")).serialHex == long)
        #expect(throws: CertificateError.undecodable("serial number")) {
            try Certificate(pem: scratch.bytes("absurd.pem"))
        }
    }

    @Test func `a block's label may be long, but not endless`() throws {
        func block(_ label: String) -> [UInt8] {
            Array("-----BEGIN \(label)-----\nAQID\n-----END \(label)-----\n".utf8)
        }
        let longest = String(repeating: "L", count: 64)
        #expect(try PEM.blocks(in: block(longest)).map(\.label) == [longest])
        #expect(throws: PEMError(line: 1, reason: .boundary)) { try PEM.blocks(in: block(longest + "L")) }
    }
}
