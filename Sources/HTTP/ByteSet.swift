/// A set of ASCII bytes: two words, one shift a question.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    /// The set of the ASCII characters of `members`; others are left out.
    init(_ members: String) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for byte in members.utf8 where byte < 128 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
        self.low = low
        self.high = high
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && (word &>> UInt64(byte & 63)) & 1 == 1
    }

    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let digits = "0123456789"

    /// RFC 9110 section 5.6.2.
    static let token = ByteSet(letters + digits + "!#$%&'*+-.^_`|~")
    /// What a path and a query are made of besides percent-encoding (RFC 3986 section 3.3).
    static let target = ByteSet(letters + digits + "-._~" + "!$&'()*+,;=" + ":@/?")
    /// A registered name or an IPv4 address. Stricter than RFC 3986: no percent-encoding, no sub-delimiters.
    static let hostName = ByteSet(letters + digits + "-._~")
    /// What stands between the brackets of an IPv6 address.
    static let hostAddress = ByteSet(digits + "abcdefABCDEF:.")
}

/// ASCII bytes by their names.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let percent = UInt8(ascii: "%")
    static let colon = UInt8(ascii: ":")
    static let slash = UInt8(ascii: "/")
    static let questionMark = UInt8(ascii: "?")
    static let delete: UInt8 = 0x7F

    /// The value of a hexadecimal digit.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The value of a decimal digit.
    static func digitValue(_ byte: UInt8) -> Int? {
        byte >= 0x30 && byte <= 0x39 ? Int(byte) - 0x30 : nil
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}
