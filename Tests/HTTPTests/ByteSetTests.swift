import Testing

@testable import HTTP

struct ByteSetTests {
    @Test func `the sets hold what the standards name`() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let digits = "0123456789"
        #expect(ByteSet.token == ByteSet(letters + digits + "!#$%&'*+-.^_`|~"))
        #expect(ByteSet.target == ByteSet(letters + digits + "-._~" + "!$&'()*+,;=" + ":@/?"))
        #expect(ByteSet.hostName == ByteSet(letters + digits + "-._~"))
        #expect(ByteSet.hostAddress == ByteSet(digits + "abcdefABCDEF:."))
    }

    @Test func `a set is asked for every byte`() {
        for byte in UInt8.min...UInt8.max {
            let isMember = byte < 128 && "az@".utf8.contains(byte)
            #expect(ByteSet("az@").contains(byte) == isMember)
        }
    }
}
