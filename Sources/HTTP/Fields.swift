/// Where one field stands in the head of its request.
struct FieldRange: Sendable {
    private let nameRange: ByteRange
    private let valueRange: ByteRange

    var name: Range<Int> { nameRange.range }
    var value: Range<Int> { valueRange.range }

    /// Reads the field line in `line` (without its line end). The scanner has already refused control characters.
    init(_ bytes: borrowing Span<UInt8>, line: Range<Int>) throws(RefusedRequest) {
        let colon = Self.endOfName(bytes, line)
        guard colon > line.lowerBound else {
            let first = line.isEmpty ? 0 : bytes[line.lowerBound]
            throw ASCII.isWhiteSpace(first) ? .foldedField : .malformedField
        }
        // White space before the colon is not a token either (RFC 9112 section 5.1).
        guard colon < line.upperBound, bytes[colon] == ASCII.colon else { throw .malformedField }
        nameRange = ByteRange(line.lowerBound..<colon)
        valueRange = ByteRange(bytes.trimmed(colon + 1..<line.upperBound))
    }

    /// Where the token at the beginning of the line ends. Both bounds are told to the compiler once, so that it
    /// checks no index in the loops.
    @inline(__always)
    private static func endOfName(_ bytes: borrowing Span<UInt8>, _ line: Range<Int>) -> Int {
        let count = bytes.count
        let end = min(line.upperBound, count)
        var index = max(line.lowerBound, 0)
        // What follows the line is looked at as well, but its end is in no name.
        while index < end, count &- index >= 8 {
            let letters = ByteLanes(bytes, at: index).nameCount
            index &+= letters
            guard letters < 8 else { continue }
            guard index < end, bytes[index] != ASCII.colon, ByteSet.token.contains(bytes[index]) else {
                return index
            }
            index &+= 1
        }
        while index < end, ByteSet.token.contains(bytes[index]) { index &+= 1 }
        return index
    }
}

/// Which names the fields of a request may have: enough to know of most names that none has it.
public struct FieldNames: Sendable, Equatable {
    private var bits: UInt64 = 0

    init() {}

    /// These names.
    public init(_ names: [FieldName]) {
        bits = names.reduce(0) { $0 | $1.bit }
    }

    mutating func insert(first: UInt8, count: Int) {
        bits |= Self.bit(first: first, count: count)
    }

    func mayContain(_ name: FieldName) -> Bool { bits & name.bit != 0 }

    func mayMeet(_ others: FieldNames) -> Bool { bits & others.bits != 0 }

    /// One of 64 bits by the first letter, whatever its case, and the length.
    @inline(__always)
    static func bit(first: UInt8, count: Int) -> UInt64 {
        1 &<< (UInt64(truncatingIfNeeded: count) &+ UInt64(first | 0x20) &* 7)
    }
}

/// The fields of a request in the order they came, found by name without regard to letter case. Names and values
/// become strings only when asked for; bytes that are not UTF-8 become U+FFFD.
public struct Fields: Sendable, Sequence {
    let bytes: [UInt8]
    let ranges: [FieldRange]
    let names: FieldNames

    /// The number of field lines.
    public var count: Int { ranges.count }

    /// The value of the first field of this name.
    public subscript(name: String) -> String? {
        let wanted = name.utf8.map(ASCII.lowercased)
        for field in ranges where bytes.matches(wanted, in: field.name) { return text(field.value) }
        return nil
    }

    /// The values of all fields of this name.
    public func values(_ name: String) -> [String] { values(FieldName(name)) }

    /// The values of all fields of this name. Without one nothing is allocated.
    public func values(_ name: FieldName) -> [String] {
        guard names.mayContain(name) else { return [] }
        var values: [String] = []
        for field in ranges where bytes.matches(name.bytes, in: field.name) {
            values.append(text(field.value))
        }
        return values
    }

    public func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var rest = ranges.makeIterator()
        return AnyIterator { rest.next().map { (text($0.name), text($0.value)) } }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
