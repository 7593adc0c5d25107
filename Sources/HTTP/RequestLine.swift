/// The first line of a request as values and ranges into its bytes (RFC 9112 section 3).
struct RequestLine: Sendable {
    let method: Method
    let version: Version
    let target: TargetRanges

    /// Reads `METHOD SP target SP HTTP/1.x` in `line` (without its line end): single spaces, nothing around them.
    init(_ bytes: [UInt8], line: Range<Int>) throws(RefusedRequest) {
        var index = line.lowerBound
        let token = ByteSet.token
        while index < line.upperBound, token.contains(bytes[index]) { index += 1 }
        let name = line.lowerBound..<index
        guard !name.isEmpty, index < line.upperBound, bytes[index] == ASCII.space else {
            throw .malformedRequestLine
        }
        guard name.count <= Method.longestName else { throw .unsupportedMethod }
        index += 1
        let start = index
        while index < line.upperBound, bytes[index] != ASCII.space { index += 1 }
        guard index > start, index < line.upperBound else { throw .malformedRequestLine }
        version = try Self.version(bytes, index + 1..<line.upperBound)
        method = Method(bytes, name)
        // Its target would be an authority, and this server is nobody's tunnel.
        guard method != .other("CONNECT") else { throw .unsupportedMethod }
        target = try TargetRanges(bytes, start..<index, method: method)
    }

    /// `HTTP/` digit `.` digit. Another major version, also that of the HTTP/2 preface, is refused.
    private static func version(_ bytes: [UInt8], _ range: Range<Int>) throws(RefusedRequest) -> Version {
        guard range.count == 8 else { throw .malformedRequestLine }
        for (offset, letter) in prefix.enumerated() where bytes[range.lowerBound + offset] != letter {
            throw .malformedRequestLine
        }
        let digits = range.upperBound - 3
        guard let major = ASCII.digitValue(bytes[digits]), bytes[digits + 1] == UInt8(ascii: "."),
            let minor = ASCII.digitValue(bytes[digits + 2])
        else { throw .malformedRequestLine }
        guard major == 1 else { throw .unsupportedVersion }
        return minor == 0 ? .http10 : .http11
    }

    private static let prefix = Array("HTTP/".utf8)
}
