/// What the fields say about the message itself: its host, where its body ends, whether the connection goes on.
/// Each field is taken as it comes, so that a contradiction is refused at the line that brings it.
struct MessageFacts: Sendable {
    private(set) var hostRange: ByteRange?
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    private(set) var names = FieldNames()
    private var asksToClose = false
    private var asksToKeepAlive = false

    /// Takes one field of a request of `version`.
    mutating func take(
        _ field: FieldRange, of bytes: borrowing Span<UInt8>, _ version: Version
    ) throws(RefusedRequest) {
        let name = field.name
        // The first letter, in small: of most other names it is another one.
        let first = bytes[name.lowerBound] | 0x20
        names.insert(first: first, count: name.count)
        switch (name.count, first) {
        case (4, UInt8(ascii: "h")) where bytes.matches(Word.host, in: name):
            guard hostRange == nil else { throw .repeatedHost }
            try Authority.check(bytes, field.value)
            hostRange = ByteRange(field.value)
        case (6, UInt8(ascii: "e")) where bytes.matches(Word.expect, in: name):
            // An HTTP/1.0 client cannot know what it asks for here (RFC 9110 section 10.1.1).
            guard version == .http11 else { return }
            guard bytes.matches(Word.continue100, in: field.value) else { throw .unsupportedExpectation }
            expectsContinue = true
        case (10, UInt8(ascii: "c")) where bytes.matches(Word.connection, in: name):
            takeConnection(field.value, of: bytes)
        case (14, UInt8(ascii: "c")) where bytes.matches(Word.contentLength, in: name):
            guard contentLength == nil else { throw .repeatedContentLength }
            guard !isChunked else { throw .contentLengthWithTransferEncoding }
            contentLength = try Self.length(bytes, field.value)
        case (17, UInt8(ascii: "t")) where bytes.matches(Word.transferEncoding, in: name):
            guard version == .http11 else { throw .transferEncodingInHTTP10 }
            guard !isChunked else { throw .repeatedTransferEncoding }
            guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
            try Self.checkCoding(bytes, field.value)
            isChunked = true
        default: break
        }
    }

    /// Closes the head: a host there must be, and it must be that of the target.
    func conclude(_ line: RequestLine, _ bytes: [UInt8]) throws(RefusedRequest) {
        guard let host = hostRange?.range else {
            if line.version == .http11 { throw .missingHost }
            return
        }
        if let authority = line.target.authority, !bytes.matches(host, authority) {
            throw .hostContradictsTarget
        }
    }

    /// No byte of the message follows the head.
    var isHeadOnly: Bool { !isChunked && (contentLength ?? 0) == 0 }

    /// The connection may carry another request after this one (RFC 9112 section 9.3).
    func keepsAlive(_ version: Version) -> Bool {
        if asksToClose { return false }
        return version == .http11 || asksToKeepAlive
    }

    private mutating func takeConnection(_ value: Range<Int>, of bytes: borrowing Span<UInt8>) {
        var start = value.lowerBound
        while start <= value.upperBound {
            var comma = start
            while comma < value.upperBound, bytes[comma] != UInt8(ascii: ",") { comma += 1 }
            let option = bytes.trimmed(start..<comma)
            if bytes.matches(Word.close, in: option) { asksToClose = true }
            if bytes.matches(Word.keepAlive, in: option) { asksToKeepAlive = true }
            start = comma + 1
        }
    }

    /// Digits only: no sign, no list, no white space. What overflows is too large as well.
    private static func length(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(RefusedRequest) -> Int {
        guard !range.isEmpty else { throw .malformedContentLength }
        var length = 0
        for index in range {
            guard let digit = ASCII.digitValue(bytes[index]) else { throw .malformedContentLength }
            let (tens, overflows) = length.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(digit)
            length = overflows || carries ? Int.max : sum
        }
        return length
    }

    private static func checkCoding(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) throws(RefusedRequest) {
        if bytes.matches(Word.chunked, in: range) { return }
        var last = range.upperBound
        while last > range.lowerBound, bytes[last - 1] != UInt8(ascii: ",") { last -= 1 }
        let isLast = bytes.matches(Word.chunked, in: bytes.trimmed(last..<range.upperBound))
        throw isLast ? .unsupportedTransferCoding : .chunkedNotLast
    }

    private enum Word {
        static let host = Array("host".utf8)
        static let expect = Array("expect".utf8)
        static let connection = Array("connection".utf8)
        static let contentLength = Array("content-length".utf8)
        static let transferEncoding = Array("transfer-encoding".utf8)
        static let continue100 = Array("100-continue".utf8)
        static let chunked = Array("chunked".utf8)
        static let close = Array("close".utf8)
        static let keepAlive = Array("keep-alive".utf8)
    }
}
