/// Where one field stands in the head of its request.
struct FieldRange: Sendable {
    let name: Range<Int>
    let value: Range<Int>

    /// Reads the field line in `line` (without its line end). The scanner has already refused control characters.
    init(_ bytes: borrowing Span<UInt8>, line: Range<Int>) throws(RefusedRequest) {
        let colon = Self.endOfName(bytes, line)
        guard colon > line.lowerBound else {
            let first = line.isEmpty ? 0 : bytes[line.lowerBound]
            throw Self.isWhiteSpace(first) ? .foldedField : .malformedField
        }
        // White space before the colon is not a token either (RFC 9112 section 5.1).
        guard colon < line.upperBound, bytes[colon] == ASCII.colon else { throw .malformedField }
        name = line.lowerBound..<colon
        var first = colon + 1
        var end = line.upperBound
        while first < end, Self.isWhiteSpace(bytes[first]) { first &+= 1 }
        while end > first, Self.isWhiteSpace(bytes[end &- 1]) { end &-= 1 }
        value = first..<end
    }

    /// Where the token at the beginning of the line ends. Both bounds are told to the compiler once, so that it
    /// checks no index in the loop.
    @inline(__always)
    private static func endOfName(_ bytes: borrowing Span<UInt8>, _ line: Range<Int>) -> Int {
        let end = min(line.upperBound, bytes.count)
        var index = max(line.lowerBound, 0)
        while index < end, isName(bytes[index]) { index &+= 1 }
        return index
    }

    /// A token, and most of those are letters.
    @inline(__always)
    private static func isName(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || ByteSet.token.contains(byte)
    }

    @inline(__always)
    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}

/// The fields of a request in the order they came, found by name without regard to letter case. Names and values
/// become strings only when asked for; bytes that are not UTF-8 become U+FFFD.
public struct Fields: Sendable, Sequence {
    let bytes: [UInt8]
    let ranges: [FieldRange]

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
