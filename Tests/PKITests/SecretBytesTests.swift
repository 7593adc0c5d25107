import Testing

@testable import PKI

struct SecretBytesTests {
    @Test func `a secret does not print, not even when it is dumped`() {
        let secret = SecretBytes(Array("hunter2".utf8).span)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
            #expect(!text.contains("hunter2") && !text.contains("104"))
            #expect(text.contains("secret"))
        }
    }

    @Test func `a secret lends what it was given`() {
        var bytes: [UInt8] = [1, 2, 3]
        let secret = SecretBytes(wiping: &bytes)
        #expect(bytes.isEmpty)
        #expect(secret.count == 3)
        #expect(secret.withBytes { span in span.indices.map { span[$0] } } == [1, 2, 3])
        #expect(SecretBytes([UInt8]().span).withBytes { $0.isEmpty })
    }

    @Test func `random bytes are as many as asked for and never the same`() throws {
        #expect(try randomBytes(0).isEmpty)
        #expect(try randomBytes(16).count == 16)
        #expect(try randomBytes(16) != randomBytes(16))
    }

    @Test func `the digest is that of FIPS 180`() {
        #expect(
            SHA256.hex(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func `an error tells what the library said and leaves nothing for the next one`() throws {
        let first = #expect(throws: OpenSSLError.self) { try PublicKey(spkiDER: [0x30, 0x03, 1, 2, 3]) }
        #expect(first?.entries.isEmpty == false)
        #expect(first?.description.contains("asn1 encoding routines") == true)
        let second = #expect(throws: OpenSSLError.self) { try PublicKey(spkiDER: [0x30, 0x03, 1, 2, 3]) }
        #expect(first == second)
    }
}
