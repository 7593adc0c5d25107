/// A value of a request's body.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order of the text; no name comes twice.
    case object([JSONMember])
}

struct JSONMember: Sendable {
    let name: String
    let value: JSONValue
}

/// Why bytes are not the JSON that is read here.
struct JSONProblem: Error, Equatable, CustomStringConvertible {
    let reason: String
    /// Counted from 0.
    let offset: Int

    var description: String { "\(reason) at byte \(offset)" }
}
