/// A complete request that kept every rule of the parser. Its head stays as the bytes that came, with ranges into
/// them; strings are made when somebody asks.
public struct Request: Sendable {
    private(set) var head: [UInt8]
    let line: RequestLine
    private(set) var ranges: [FieldRange]
    let hostRange: ByteRange?
    let names: FieldNames
    /// Nothing followed the head, not even an empty chunk.
    let isHeadOnly: Bool
    /// The decoded body, empty without one.
    public let body: [UInt8]
    /// The client leaves the connection open for another request.
    public let keepsAlive: Bool

    public var method: Method {
        Method(line.method, name: String(decoding: head[line.methodRange.range], as: UTF8.self))
    }
    public var version: Version { line.version }
    public var target: Target { Target(bytes: head, ranges: line.target) }
    public var fields: Fields { Fields(bytes: head, ranges: ranges, names: names) }

    /// False if it is certain that no field has one of these names.
    public func mayHave(_ names: FieldNames) -> Bool { self.names.mayMeet(names) }

    /// Host and port are named as in `text`, letter by letter.
    public func isFor(_ text: [UInt8]) -> Bool {
        guard let range = hostRange ?? line.target.authorityRange else { return false }
        return head.span.equals(text, in: range.range)
    }

    /// There is a question mark in the target.
    public var hasQuery: Bool { line.target.queryRange != nil }

    /// The path is `path`, byte by byte as it came.
    public func hasPath(_ path: [UInt8]) -> Bool {
        head.span.equals(path, in: line.target.path)
    }

    /// What is asked of the server as a whole, and of no resource.
    public var isForAll: Bool { line.target.isAsterisk }

    /// The values of all fields of this name. Without one nothing is allocated.
    public func values(_ name: FieldName) -> [String] {
        names.mayContain(name) ? fields.values(name) : []
    }

    /// Host and port as the client named them; nil only in HTTP/1.0.
    public var authority: String? {
        authorityBytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of `authority`.
    public var authorityBytes: ArraySlice<UInt8>? {
        (hostRange ?? line.target.authorityRange).map { head[$0.range] }
    }

    /// Takes the memory out of a request that nobody needs any more.
    mutating func giveMemory(to memory: inout RequestMemory) {
        swap(&memory.head, &head)
        swap(&memory.ranges, &ranges)
    }
}

extension Request {
    /// A request as a client would send it, for a handler without a socket: written out and parsed, so that what
    /// the parser refuses cannot be made. `Host: localhost` and the length of `body` are added when missing.
    public init(
        _ method: Method, _ target: String, fields: [Field] = [], body: [UInt8] = []
    ) throws(RefusedRequest) {
        var text = "\(method.name) \(target) HTTP/1.1\r\n"
        let names = fields.map { $0.name.lowercased() }
        if !names.contains("host") { text += "Host: localhost\r\n" }
        if !body.isEmpty, !names.contains("content-length") { text += "Content-Length: \(body.count)\r\n" }
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        let bytes = Array((text + "\r\n").utf8) + body
        var parser = RequestParser()
        switch parser.read(bytes[...]).event {
        case .request(let request): self = request
        case .refused(let reason): throw reason
        case .needsMore, .continueExpected: throw .malformedContentLength
        }
    }
}
