/// Reads requests from bytes that come in any pieces, one at a time and strictly (RFC 9112). A line is judged when
/// it is complete, a byte that can be in no line at once, and a refusal is final.
public struct RequestParser: Sendable {
    /// What a call of `read` came to.
    public enum Event: Sendable {
        /// All input is taken, and more is needed.
        case needsMore
        /// The head is complete and the client waits for `100 Continue` before it sends the body.
        case continueExpected
        case request(Request)
        case refused(RefusedRequest)
    }

    /// What the next byte belongs to: it decides which deadline runs.
    public enum Phase: Sendable {
        /// Nothing of a request has come.
        case idle
        case head, body, refused
    }

    private enum Stage: Sendable {
        case line, fields
        case body(remaining: Int)
        case chunks(ChunkedDecoder)
        case refused(RefusedRequest)
    }

    private let limits: Limits
    private var stage = Stage.line
    private var scanner = LineScanner()
    private var hasSkippedEmptyLine = false
    private var head: [UInt8] = []
    private var line: RequestLine?
    private var ranges: [FieldRange] = []
    private var facts = MessageFacts()
    private var body: [UInt8] = []
    private var lineStart = 0
    private var scanned = 0

    /// A parser at the beginning of a connection.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// What the next byte belongs to.
    public var phase: Phase {
        switch stage {
        case .line: head.isEmpty ? .idle : .head
        case .fields: .head
        case .body, .chunks: .body
        case .refused: .refused
        }
    }

    /// Bytes of an incomplete request that the parser holds on to.
    public var heldBytes: Int { head.count + body.count }

    /// Reads from the start of `input`: how many of its bytes were taken, and what came of it. The rest belongs to
    /// the next request. The parser holds no memory between requests.
    public mutating func read(_ input: ArraySlice<UInt8>) -> (consumed: Int, event: Event) {
        var index = input.startIndex
        do throws(RefusedRequest) {
            let event = try advance(input, &index)
            return (index - input.startIndex, event)
        } catch {
            return (input.count, .refused(refuse(error)))
        }
    }

    private mutating func advance(
        _ input: ArraySlice<UInt8>, _ index: inout Int
    ) throws(RefusedRequest) -> Event {
        while true {
            switch stage {
            case .line, .fields:
                guard try readHead(input, &index) else { return .needsMore }
                if let event = try concludeHead(hasMore: index < input.endIndex) { return event }
            case .body(let remaining):
                let end = min(input.endIndex, index + remaining)
                body.append(contentsOf: input[index..<end])
                let rest = remaining - (end - index)
                index = end
                guard rest == 0 else {
                    stage = .body(remaining: rest)
                    return .needsMore
                }
                return try finish()
            case .chunks(var decoder):
                let (next, isComplete) = try decoder.read(input, from: index, into: &body, limits)
                index = next
                guard isComplete else {
                    stage = .chunks(decoder)
                    return .needsMore
                }
                return try finish()
            case .refused(let reason):
                throw reason
            }
        }
    }
}

extension RequestParser {
    /// Bytes copied to the head at a time: enough for most heads, little to give back when one ends before.
    private static let step = 512

    /// Copies input to the head and judges each line that is complete; true when the head is.
    private mutating func readHead(
        _ input: ArraySlice<UInt8>, _ index: inout Int
    ) throws(RefusedRequest) -> Bool {
        while true {
            if scanned == head.count {
                guard index < input.endIndex else { return false }
                let end = min(input.endIndex, index + Self.step)
                head.append(contentsOf: input[index..<end])
                index = end
            }
            var scanner = scanner
            let (next, endsLine) = try scanner.scan(head.span, from: scanned)
            self.scanner = scanner
            scanned = next
            let length = scanned - lineStart
            guard length <= (line == nil ? limits.requestLine : limits.fieldLine) else {
                throw line == nil ? .targetTooLong : .fieldTooLong
            }
            guard scanned <= limits.head else { throw .headTooLong }
            guard endsLine, try takeLine() else { continue }
            // What follows the head was copied with it, and is the body's or the next request's.
            index -= head.count - scanned
            head.removeLast(head.count - scanned)
            return true
        }
    }

    /// Judges the line that ends where the scan stands; true when it was the empty line after the fields.
    private mutating func takeLine() throws(RefusedRequest) -> Bool {
        let content = lineStart..<scanned - 2
        lineStart = scanned
        guard let line else {
            if content.isEmpty {
                // A line end too many after the last body is forgiven once (RFC 9112 section 2.2).
                guard !hasSkippedEmptyLine else { throw .repeatedEmptyLine }
                hasSkippedEmptyLine = true
                return false
            }
            self.line = try RequestLine(head, line: content)
            stage = .fields
            return false
        }
        if content.isEmpty { return true }
        let field = try FieldRange(head.span, line: content)
        guard ranges.count < limits.fieldCount else { throw .tooManyFields }
        try facts.take(field, of: head, line.version)
        if ranges.isEmpty { ranges.reserveCapacity(16) }
        ranges.append(field)
        return false
    }

    /// Decides how the body is framed. Nil: go on with the body that is already there.
    private mutating func concludeHead(hasMore: Bool) throws(RefusedRequest) -> Event? {
        guard let line else { throw .malformedRequestLine }
        try facts.conclude(line, head)
        if facts.isChunked {
            stage = .chunks(ChunkedDecoder())
        } else {
            let length = facts.contentLength ?? 0
            guard length <= limits.body else { throw .bodyTooLarge }
            guard length > 0 else { return try finish() }
            stage = .body(remaining: length)
        }
        // A client that already sends its body is not told to (RFC 9110 section 10.1.1).
        return facts.expectsContinue && !hasMore ? .continueExpected : nil
    }

    /// Hands the request over and begins anew.
    private mutating func finish() throws(RefusedRequest) -> Event {
        guard let line else { throw .malformedRequestLine }
        let request = Request(
            head: head, line: line, ranges: ranges, host: facts.host, body: body,
            keepsAlive: facts.keepsAlive(line.version))
        self = RequestParser(limits: limits)
        return .request(request)
    }

    private mutating func refuse(_ reason: RefusedRequest) -> RefusedRequest {
        self = RequestParser(limits: limits)
        stage = .refused(reason)
        return reason
    }
}
