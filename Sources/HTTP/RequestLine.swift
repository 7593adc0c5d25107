/// The first line of a request as values and ranges into its bytes (RFC 9112 section 3).
struct RequestLine: Sendable {
    let method: MethodWord
    let methodRange: ByteRange
    let version: Version
    let target: TargetRanges

    /// Reads `METHOD SP target SP HTTP/1.x` in `line` (without its line end): single spaces, nothing around them.
    init(_ bytes: borrowing Span<UInt8>, line: Range<Int>) throws(RefusedRequest) {
        let end = min(line.upperBound, bytes.count)
        var index = max(line.lowerBound, 0)
        if bytes.count &- index >= 8 { index = min(end, index &+ ByteLanes(bytes, at: index).nameCount) }
        while index < end, ByteSet.token.contains(bytes[index]) { index &+= 1 }
        let name = line.lowerBound..<index
        guard !name.isEmpty, index < line.upperBound, bytes[index] == ASCII.space else {
            throw .malformedRequestLine
        }
        guard name.count <= Method.longestName else { throw .unsupportedMethod }
        index += 1
        let start = index
        while end &- index >= 8 {
            let count = ByteLanes(bytes, at: index).unspacedCount
            index &+= count
            guard count == 8 else { break }
        }
        while index < end, bytes[index] != ASCII.space { index &+= 1 }
        guard index > start, index < line.upperBound else { throw .malformedRequestLine }
        version = try Self.version(bytes, index + 1..<line.upperBound)
        method = MethodWord(bytes, name)
        methodRange = ByteRange(name)
        // Its target would be an authority, and this server is nobody's tunnel.
        guard method != .connect else { throw .unsupportedMethod }
        target = try TargetRanges(bytes, start..<index, method: method)
    }

    /// `HTTP/` digit `.` digit. Another major version, also that of the HTTP/2 preface, is refused.
    private static func version(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(RefusedRequest)
        -> Version
    {
        guard range.count == 8 else { throw .malformedRequestLine }
        var word: UInt64 = 0
        for index in range { word = word << 8 | UInt64(bytes[index]) }
        // What nearly everybody says, as bytes of one number.
        if word == 0x4854_5450_2F31_2E31 { return .http11 }
        guard word >> 24 == 0x48_5454_502F else { throw .malformedRequestLine }
        let digits = range.upperBound - 3
        guard let major = ASCII.digitValue(bytes[digits]), bytes[digits + 1] == UInt8(ascii: "."),
            let minor = ASCII.digitValue(bytes[digits + 2])
        else { throw .malformedRequestLine }
        guard major == 1 else { throw .unsupportedVersion }
        return minor == 0 ? .http10 : .http11
    }
}
