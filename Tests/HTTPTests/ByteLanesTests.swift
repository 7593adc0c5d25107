import Testing

@testable import HTTP

struct ByteLanesTests {
    @Test func `the first byte that is not printable is found at each place`() {
        for byte in UInt8.min...UInt8.max {
            let isPrintable = (0x20..<0x7F).contains(byte)
            for place in 0..<8 {
                var bytes = [UInt8](repeating: 0x41, count: 8)
                bytes[place] = byte
                #expect(ByteLanes(bytes.span, at: 0).printableCount == (isPrintable ? 8 : place), "\(byte)")
            }
        }
    }

    @Test func `the first byte that is neither letter nor hyphen is found at each place`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let isName = byte < 128 && (character.isLetter || character == "-")
            for place in 0..<8 {
                var bytes = [UInt8](repeating: 0x2D, count: 8)
                bytes[place] = byte
                #expect(ByteLanes(bytes.span, at: 0).nameCount == (isName ? 8 : place), "\(byte)")
            }
        }
    }

    @Test func `the first space is found at each place`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<8 {
                var bytes = [UInt8](repeating: 0x41, count: 8)
                bytes[place] = byte
                #expect(ByteLanes(bytes.span, at: 0).unspacedCount == (byte == 0x20 ? place : 8), "\(byte)")
            }
        }
    }

    @Test func `of several the first counts, and the bytes around them do not`() {
        let bytes = Array("\nab:\u{7F}\u{E9}-Z:;".utf8)
        #expect(ByteLanes(bytes.span, at: 1).printableCount == 3)
        #expect(ByteLanes(bytes.span, at: 1).nameCount == 2)
    }
}
