/// An answer before it is written. Date, Content-Length and Connection are the server's to add.
public struct Response: Sendable, Equatable {
    /// What follows the head.
    public enum Body: Sendable, Equatable {
        case none
        case bytes([UInt8])
        /// Sent from where they are, one after the other, without a copy.
        case shared([SharedBytes])

        /// The number of bytes.
        public var count: Int {
            switch self {
            case .none: 0
            case .bytes(let bytes): bytes.count
            case .shared(let parts): parts.reduce(0) { $0 + $1.count }
            }
        }
    }

    public var status: Status
    public var fields: [Field]
    /// Written behind `fields`.
    public var prepared = PreparedFields.none
    /// Said in `X-Request-Id`.
    public var id: RequestID?
    /// A word of the handler's to itself: not written, and heard of again when the answer is out.
    public var tag: Int?
    public var body: Body
    /// The connection closes after this answer whatever the client asked for.
    public var closes: Bool

    public init(_ status: Status, fields: [Field] = [], body: Body = .none, closes: Bool = false) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closes = closes
    }

    /// A short text in UTF-8.
    public init(_ status: Status, text: String, fields: [Field] = [], closes: Bool = false) {
        let type = Field("Content-Type", "text/plain; charset=utf-8")
        self.init(status, fields: [type] + fields, body: .bytes(Array(text.utf8)), closes: closes)
    }

    /// The value of the first field of this name, whatever its letter case.
    public func field(_ name: String) -> String? {
        let wanted = name.lowercased()
        if wanted == "x-request-id", let id { return id.description }
        return (fields + prepared.fields).first { $0.name.lowercased() == wanted }?.value
    }

    /// The bytes of the body in one piece.
    public var bodyBytes: [UInt8] {
        switch body {
        case .none: []
        case .bytes(let bytes): bytes
        case .shared(let parts): parts.flatMap(\.bytes)
        }
    }
}
