/// The text of one file as the parser and its error messages see it: UTF-8 without a byte order mark, divided
/// into lines where YAML divides them.
public struct SourceText: Sendable {
    /// The name to show in messages, usually the path the operator gave.
    public let name: String
    /// UTF-8, though not yet known to be valid.
    let bytes: [UInt8]
    /// Where each line begins in `bytes`.
    private let lineStarts: [Int]

    /// UTF-16 with a byte order mark is transcoded; everything else is taken for UTF-8.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = Self.utf8(bytes)
        lineStarts = Self.lineStarts(of: self.bytes)
    }

    /// How many lines there are; a text that ends in a line break has an empty one after it.
    public var lineCount: Int { lineStarts.count }

    /// The line without its line break, invalid UTF-8 replaced; empty for a line that does not exist.
    public func line(_ number: Int) -> String {
        guard number >= 1, number <= lineStarts.count else { return "" }
        let end = number < lineStarts.count ? lineStarts[number] : bytes.count
        let line = String(decoding: bytes[lineStarts[number - 1]..<end], as: UTF8.self)
        var scalars = line.unicodeScalars
        while let last = scalars.last, Self.isLineBreak(last) { scalars.removeLast() }
        return String(scalars)
    }

    /// The place of a byte; an offset past the end is the end.
    func position(ofByte offset: Int) -> SourcePosition {
        let offset = min(max(offset, 0), bytes.count)
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let before = String(decoding: bytes[lineStarts[low]..<offset], as: UTF8.self)
        return SourcePosition(line: low + 1, column: before.unicodeScalars.count + 1)
    }

    private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        let bigEndian = bytes.starts(with: [0xFE, 0xFF])
        guard bigEndian || bytes.starts(with: [0xFF, 0xFE]) else { return bytes }
        let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return bigEndian ? first << 8 | second : second << 8 | first
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// YAML 1.1 breaks lines at CR LF, CR, LF, NEL, LS and PS (section 4.2); positions count them all.
    private static func lineStarts(of bytes: [UInt8]) -> [Int] {
        var starts = [0]
        var index = 0
        while index < bytes.count {
            let length = lineBreakLength(at: index, in: bytes)
            index += max(length, 1)
            if length > 0 { starts.append(index) }
        }
        return starts
    }

    private static func lineBreakLength(at index: Int, in bytes: [UInt8]) -> Int {
        func follows(_ expected: UInt8, _ distance: Int) -> Bool {
            index + distance < bytes.count && bytes[index + distance] == expected
        }
        switch bytes[index] {
        case 0x0A: return 1
        case 0x0D: return follows(0x0A, 1) ? 2 : 1
        case 0xC2: return follows(0x85, 1) ? 2 : 0
        case 0xE2: return follows(0x80, 1) && (follows(0xA8, 2) || follows(0xA9, 2)) ? 3 : 0
        default: return 0
        }
    }

    private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
