/// How much of a request is read before it is refused. The defaults are those of the local API.
public struct Limits: Sendable, Equatable {
    /// Bytes of the request line with its end; more is answered with 414.
    public var requestLine = 8 * 1024
    /// Bytes of one field line with its end; more is answered with 431.
    public var fieldLine = 8 * 1024
    /// Field lines of one request; more is answered with 431.
    public var fieldCount = 64
    /// Bytes of request line and fields together; more is answered with 431.
    public var head = 16 * 1024
    /// Bytes of the decoded body; more is answered with 413.
    public var body = 64 * 1024
    /// Bytes of one chunk-size line with its extensions.
    public var chunkLine = 256
    /// Bytes of the extensions of all chunks of a body together.
    public var chunkExtensions = 1024
    /// Bytes of all trailer lines of a chunked body together; more is answered with 431.
    public var trailers = 4 * 1024

    /// The limits of the local API.
    public init() {}
}
