/// The parts of a request target as ranges into the head (RFC 9112 section 3.2).
struct TargetRanges: Sendable {
    /// Host and port of an absolute target.
    let authorityRange: ByteRange?
    /// Begins with a slash; empty for `*` and for an absolute target without a path.
    private let pathRange: ByteRange
    let queryRange: ByteRange?
    let isAsterisk: Bool

    var authority: Range<Int>? { authorityRange?.range }
    var path: Range<Int> { pathRange.range }
    var query: Range<Int>? { queryRange?.range }

    /// Reads the target in `range`: `/path?query`, `http://host/path?query`, or `*` with OPTIONS.
    init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, method: MethodWord) throws(RefusedRequest) {
        var start = range.lowerBound
        if bytes[start] == ASCII.slash {
            authorityRange = nil
        } else if range.count == 1, bytes[start] == UInt8(ascii: "*") {
            guard method == .options else { throw .unsupportedTargetForm }
            pathRange = ByteRange(range.upperBound..<range.upperBound)
            (authorityRange, queryRange, isAsterisk) = (nil, nil, true)
            return
        } else if let scheme = Self.scheme(bytes, range) {
            let host = start + scheme
            start = host
            while start < range.upperBound, bytes[start] != ASCII.slash, bytes[start] != ASCII.questionMark {
                start += 1
            }
            try Authority.check(bytes, host..<start)
            authorityRange = ByteRange(host..<start)
        } else {
            throw .unsupportedTargetForm
        }
        let question = try Self.check(bytes, start..<range.upperBound)
        pathRange = ByteRange(start..<(question ?? range.upperBound))
        queryRange = question.map { ByteRange($0 + 1..<range.upperBound) }
        isAsterisk =
            authorityRange != nil && pathRange.range.isEmpty && queryRange == nil && method == .options
    }

    /// Refuses what may not stand in a path or a query; returns where the query begins.
    private static func check(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(RefusedRequest)
        -> Int?
    {
        var question: Int?
        let end = min(range.upperBound, bytes.count)
        var index = max(range.lowerBound, 0)
        while index < end {
            if end &- index >= 8 {
                // Letters and hyphens are most of it, and none of them matters here.
                index &+= ByteLanes(bytes, at: index).nameCount
                guard index < end else { break }
            }
            let byte = bytes[index]
            if byte == ASCII.questionMark {
                if question == nil { question = index }
            } else if !ByteSet.target.contains(byte) {
                guard byte == ASCII.percent, index + 2 < end,
                    ASCII.hexValue(bytes[index + 1]) != nil, ASCII.hexValue(bytes[index + 2]) != nil
                else { throw .malformedTarget }
            }
            index &+= 1
        }
        return question
    }

    /// How long the scheme of an absolute target is.
    private static func scheme(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        let start = range.lowerBound
        for scheme in schemes where scheme.count <= range.count {
            if bytes.matches(scheme, in: start..<start + scheme.count) { return scheme.count }
        }
        return nil
    }

    private static let schemes = [Array("http://".utf8), Array("https://".utf8)]
}
