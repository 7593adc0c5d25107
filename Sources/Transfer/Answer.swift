/// A complete answer, whatever its status: an error status and a redirect are answers too.
public struct Answer: Sendable {
    public let status: Int
    public let headers: AnswerHeaders
    public let body: [UInt8]
    public let timings: ExchangeTimings
    /// Numeric address of the server; empty for a Unix socket.
    public let peerAddress: String
    /// Whether the exchange went over a connection that an earlier one had opened.
    public let reusedConnection: Bool
}

/// The header fields of an answer, in the order they came.
public struct AnswerHeaders: Sendable {
    public private(set) var fields: [HeaderField] = []

    /// The first field of that name, in any case.
    public subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Every value of that name, in any case.
    public func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    mutating func append(_ field: HeaderField) { fields.append(field) }
}

/// When each step of an exchange was done, counted from its start. A step that didn't take place is zero.
public struct ExchangeTimings: Sendable, Equatable {
    public var resolved: Duration = .zero
    public var connected: Duration = .zero
    public var handshaken: Duration = .zero
    public var firstByte: Duration = .zero
    public var total: Duration = .zero
}
