import FoundationEssentials
import Notation

/// Reading the agent's documents: what isn't there, or is of another kind, is nil.
extension JSONValue {
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    func text(_ name: String) -> String? { self[name]?.text }
    func number(_ name: String) -> Double? { self[name]?.number }
    func time(_ name: String) -> Date? { text(name).flatMap { Date(rfc3339: $0) } }
    func isTrue(_ name: String) -> Bool { self[name] == .bool(true) }

    /// The elements; none if it is no list.
    func list(_ name: String) -> [JSONValue] {
        if case .array(let elements)? = self[name] { elements } else { [] }
    }
}
