/// A host name for a certificate, canonical by construction: lower case, no trailing dot, at least two labels, ASCII;
/// a wildcard only as the whole first label.
public struct DNSName: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// Trims white space, drops one trailing dot and lowers the case; refuses what is no host name after that.
    public init(validating input: String) throws(DNSNameProblem) {
        var bytes = Self.trimmed(input)
        if bytes.isEmpty { throw .empty }
        if bytes.contains(where: { $0 >= 0x80 }) { throw .notASCII }
        if bytes.contains(where: Self.isWhiteSpace) { throw .whiteSpace }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        if bytes.isEmpty { throw .empty }
        bytes = bytes.map(Self.lowered)
        if bytes.count > 253 { throw .tooLong }
        try Self.checkLabels(bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
        text = String(decoding: bytes, as: UTF8.self)
    }

    private init(known text: String) { self.text = text }

    func detached() -> DNSName { DNSName(known: text.detached()) }

    public var isWildcard: Bool { text.utf8.first == UInt8(ascii: "*") }

    public var description: String { text }

    /// Bytewise.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    private static func checkLabels(_ labels: [ArraySlice<UInt8>]) throws(DNSNameProblem) {
        if labels.contains(where: \.isEmpty) { throw .emptyLabel }
        if labels.count < 2 { throw .tooFewLabels }
        for (position, label) in labels.enumerated() {
            if label.contains(UInt8(ascii: "*")) {
                guard position == 0, label.count == 1, labels.count >= 3 else { throw .misplacedWildcard }
                continue
            }
            if label.count > 63 { throw .labelTooLong }
            if !label.allSatisfy(isHostByte) { throw .badCharacter }
            if label.first == UInt8(ascii: "-") || label.last == UInt8(ascii: "-") { throw .hyphenAtEdge }
        }
    }

    private static func trimmed(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !isWhiteSpace($0) }),
            let last = bytes.lastIndex(where: { !isWhiteSpace($0) })
        else { return [] }
        return Array(bytes[first...last])
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// Why a text is no name for a certificate.
public enum DNSNameProblem: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case empty, notASCII, whiteSpace, emptyLabel, tooFewLabels, misplacedWildcard, labelTooLong, badCharacter
    case hyphenAtEdge, tooLong

    public var description: String {
        switch self {
        case .empty: "the name is empty"
        case .notASCII: "the name is not ASCII; use punycode (xn--…)"
        case .whiteSpace: "the name contains white space"
        case .emptyLabel: "the name has an empty label (two dots in a row, or a leading dot)"
        case .tooFewLabels: "the name needs at least two labels"
        case .misplacedWildcard: "“*” may only be the whole first label, with at least two labels after it"
        case .labelTooLong: "a label is longer than 63 octets"
        case .badCharacter: "a label may hold only letters, digits and hyphens"
        case .hyphenAtEdge: "a label may not begin or end with a hyphen"
        case .tooLong: "the name is longer than 253 octets"
        }
    }
}
