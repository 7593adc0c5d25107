/// Reads requests from bytes that come in any pieces, one at a time and strictly (RFC 9112). A line is judged when
/// it is complete, a byte that can be in no line at once, and a refusal is final.
public struct RequestParser: ~Copyable, Sendable {
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
        case chunks
        case refused(RefusedRequest)
    }

    private let limits: Limits
    private var stage = Stage.line
    private var scanner = LineScanner()
    private var hasSkippedEmptyLine = false
    private var memory = RequestMemory()
    private var line: RequestLine?
    private var version = Version.http11
    private var facts = MessageFacts()
    private var decoder = ChunkedDecoder()
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
        case .line: memory.head.isEmpty ? .idle : .head
        case .fields: .head
        case .body, .chunks: .body
        case .refused: .refused
        }
    }

    /// Bytes of an incomplete request that the parser holds on to.
    public var heldBytes: Int { memory.head.count + body.count }

    /// Reads from the start of `input`: how many of its bytes were taken, and what came of it. The rest belongs to
    /// the next request. Between requests the parser holds no memory but what it was lent.
    public mutating func read(_ input: ArraySlice<UInt8>) -> (consumed: Int, event: Event) {
        if phase == .idle, let request = memory.takeRepeated(in: input.span, at: 0) {
            return (request.head.count, .request(request))
        }
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
            case .chunks:
                let (next, isComplete) = try decoder.read(input, from: index, into: &body, limits)
                index = next
                return isComplete ? try finish() : .needsMore
            case .refused(let reason):
                throw reason
            }
        }
    }
}

// Memory that is lent.
extension RequestParser {
    /// Reads the next request into `memory`, unless one has begun.
    public mutating func borrow(_ memory: inout RequestMemory) {
        if phase == .idle, self.memory.isEmpty { swap(&self.memory, &memory) }
    }

    /// Takes the memory of a request that was answered, for the next one. A copy that somebody keeps stays whole.
    public mutating func recycle(_ request: consuming Request) {
        if phase == .idle { memory.keep(request) }
    }

    /// Gives the memory back between two requests.
    public mutating func returnMemory(to memory: inout RequestMemory) {
        guard phase == .idle, !self.memory.isEmpty else { return }
        if memory.isEmpty { swap(&self.memory, &memory) } else { self.memory = RequestMemory() }
    }
}

// The head.
extension RequestParser {
    /// Bytes copied to a head that has begun at a time: little to give back when it ends before.
    private static let step = 512

    /// Judges each line that is complete and keeps what belongs to the head; true when that is complete.
    private mutating func readHead(
        _ input: ArraySlice<UInt8>, _ index: inout Int
    ) throws(RefusedRequest) -> Bool {
        // Most heads come whole, and are read where they are.
        if memory.head.isEmpty {
            let isComplete = try judgeLines(input.span.extracting((index - input.startIndex)...))
            memory.head.append(contentsOf: input[index..<index + scanned])
            index += scanned
            return isComplete
        }
        while index < input.endIndex {
            let end = min(input.endIndex, index + Self.step)
            var head = memory.head.take()
            head.append(contentsOf: input[index..<end])
            let isComplete = try judgeLines(head.span)
            // What follows the head was copied with it, and is the body's or the next request's.
            index = end - (head.count - scanned)
            head.removeLast(head.count - scanned)
            swap(&memory.head, &head)
            if isComplete { return true }
        }
        return false
    }

    /// Judges the lines of a head from where the scan stands; true when that has come to its end. `bytes` are those of
    /// the head from its first on, and maybe more.
    private mutating func judgeLines(_ bytes: borrowing Span<UInt8>) throws(RefusedRequest) -> Bool {
        while line == nil {
            guard try scanLine(bytes, longest: limits.requestLine, or: .targetTooLong) else { return false }
            try takeRequestLine(bytes)
        }
        while try scanLine(bytes, longest: limits.fieldLine, or: .fieldTooLong) {
            if try !takeField(bytes) { return true }
        }
        return false
    }

    /// Scans on in a line of at most `longest` bytes; true at its end. It stops there and at the end of `bytes`.
    @inline(__always)
    private mutating func scanLine(
        _ bytes: borrowing Span<UInt8>, longest: Int, or refusal: RefusedRequest
    ) throws(RefusedRequest) -> Bool {
        guard scanned < bytes.count else { return false }
        // Not a byte further than is too far: however the bytes come, the same is wrong with them first.
        let reach = min(bytes.count, lineStart + longest + 1, limits.head + 1)
        let (next, endsLine) = try scanner.scan(bytes.extracting(0..<reach), from: scanned)
        scanned = next
        guard next - lineStart <= longest else { throw refusal }
        guard next <= limits.head else { throw .headTooLong }
        return endsLine
    }

    /// Judges the line that ends where the scan stands as the first of a request.
    private mutating func takeRequestLine(_ bytes: borrowing Span<UInt8>) throws(RefusedRequest) {
        let content = lineStart..<scanned - 2
        lineStart = scanned
        if content.isEmpty {
            // A line end too many after the last body is forgiven once (RFC 9112 section 2.2).
            guard !hasSkippedEmptyLine else { throw .repeatedEmptyLine }
            hasSkippedEmptyLine = true
            return
        }
        let line = try RequestLine(bytes, line: content)
        version = line.version
        self.line = line
        stage = .fields
    }

    /// Judges the line that ends where the scan stands as a field; false if it is the empty one behind them all.
    @inline(__always)
    private mutating func takeField(_ bytes: borrowing Span<UInt8>) throws(RefusedRequest) -> Bool {
        let content = lineStart..<scanned - 2
        lineStart = scanned
        if content.isEmpty { return false }
        let field = try FieldRange(bytes, line: content)
        guard memory.ranges.count < limits.fieldCount else { throw .tooManyFields }
        try facts.take(field, of: bytes, version)
        if memory.ranges.capacity == 0 { memory.ranges.reserveCapacity(16) }
        memory.ranges.append(field)
        return true
    }

    /// Decides how the body is framed. Nil: go on with the body that is already there.
    private mutating func concludeHead(hasMore: Bool) throws(RefusedRequest) -> Event? {
        guard let line else { throw .malformedRequestLine }
        try facts.conclude(line, memory.head)
        if facts.isChunked {
            stage = .chunks
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
        let keepsAlive = facts.keepsAlive(line.version)
        let (host, names, isHeadOnly) = (facts.hostRange, facts.names, facts.isHeadOnly)
        var taken = RequestMemory()
        swap(&taken, &memory)
        let body = body.take()
        begin()
        return .request(
            Request(
                head: taken.head, line: line, ranges: taken.ranges, hostRange: host, names: names,
                isHeadOnly: isHeadOnly, body: body, keepsAlive: keepsAlive))
    }

    /// Stands at the first byte of a request.
    private mutating func begin() {
        stage = .line
        scanner = LineScanner()
        hasSkippedEmptyLine = false
        line = nil
        facts = MessageFacts()
        if decoder.isUsed { decoder = ChunkedDecoder() }
        lineStart = 0
        scanned = 0
    }

    private mutating func refuse(_ reason: RefusedRequest) -> RefusedRequest {
        self = RequestParser(limits: limits)
        stage = .refused(reason)
        return reason
    }
}
