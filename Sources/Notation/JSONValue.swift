/// A JSON value.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order of the text; no name comes twice.
    case object([JSONMember])
}

public struct JSONMember: Hashable, Sendable {
    public let name: String
    public let value: JSONValue

    public init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}

/// Why bytes are not the JSON that is read here.
public struct JSONProblem: Error, Equatable, CustomStringConvertible {
    public let reason: String
    /// Counted from 0.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}
