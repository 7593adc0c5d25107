/// Base 64 (RFC 4648), strict: no white space, no stray bits, padding exactly as the alphabet asks for.
public enum Base64: Sendable {
    /// `+ /`, padded: the alphabet of PEM.
    case standard
    /// `- _`, never padded: the alphabet of JWS.
    case url

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private var alphabet: [UInt8] {
        Self.letters + Array((self == .standard ? "+/" : "-_").utf8)
    }

    public func encode(_ bytes: [UInt8]) -> String {
        String(decoding: encodedBytes(bytes.span), as: UTF8.self)
    }

    /// The text of `bytes`, in storage that is reserved once, so that wiping it wipes every copy.
    func encodedBytes(_ bytes: Span<UInt8>) -> [UInt8] {
        let alphabet = alphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let given = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < given ? UInt32(bytes[index + offset]) : 0)
            }
            for place in 0...given { text.append(alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)]) }
            if self == .standard { for _ in given..<3 { text.append(UInt8(ascii: "=")) } }
            index += 3
        }
        return text
    }

    /// The bytes that `text` stands for, or nil when it is not the one way to write them.
    public func decode(_ text: String) -> [UInt8]? {
        let utf8 = Array(text.utf8)
        return decode(utf8.span)
    }

    func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var length = text.count
        if self == .standard {
            guard length % 4 == 0 else { return nil }
            for _ in 0..<2 where length > 0 && text[length - 1] == UInt8(ascii: "=") { length -= 1 }
        }
        guard length % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length / 4 * 3 + 2)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for index in 0..<length {
            guard let value = value(of: text[index]) else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        guard pending & (1 << bits - 1) == 0 else { return nil }
        return bytes
    }

    private func value(of letter: UInt8) -> UInt8? {
        switch (letter, self) {
        case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _): letter - UInt8(ascii: "A")
        case (UInt8(ascii: "a")...UInt8(ascii: "z"), _): letter - UInt8(ascii: "a") + 26
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), _): letter - UInt8(ascii: "0") + 52
        case (UInt8(ascii: "+"), .standard), (UInt8(ascii: "-"), .url): 62
        case (UInt8(ascii: "/"), .standard), (UInt8(ascii: "_"), .url): 63
        default: nil
        }
    }
}
