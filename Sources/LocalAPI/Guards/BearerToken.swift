/// A token that was read from its file. It can be compared, and never be shown.
struct BearerToken: Sendable, CustomStringConvertible {
    static let shortest = 32

    private let bytes: [UInt8]

    /// The content of a token file, white space around it aside; nil if it is no token of RFC 6750 or too short.
    init?(content: [UInt8]) {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let bytes = Array(content.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        guard bytes.count >= Self.shortest, bytes.allSatisfy(Self.isTokenByte) else { return nil }
        self.bytes = bytes
    }

    /// Takes as long for a token that is wrong at its first byte as for one wrong at its last.
    func matches(_ offered: String) -> Bool {
        let offered = Array(offered.utf8)
        var difference = offered.count == bytes.count ? 0 : 1 as UInt8
        for index in bytes.indices {
            difference |= bytes[index] ^ (index < offered.count ? offered[index] : 0)
        }
        return difference == 0
    }

    var description: String { "<token>" }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}
