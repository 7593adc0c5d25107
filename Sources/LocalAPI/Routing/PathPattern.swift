/// A path with named parts: `/v1/certificates/{name}`.
struct PathPattern: Sendable, CustomStringConvertible {
    private enum Part: Sendable {
        case literal(String)
        case parameter(String)
    }

    let description: String
    private let parts: [Part]

    init(_ text: String) {
        description = text
        parts = text.split(separator: "/").map { part in
            part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    /// No part is named.
    var isLiteral: Bool {
        parts.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// The named parts of a path that was split and decoded; nil if the path is another one.
    func match(_ segments: [String]) -> [String: String]? {
        guard segments.count == parts.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(parts, segments) {
            switch part {
            case .literal(let text): guard segment == text else { return nil }
            case .parameter(let name): parameters[name] = segment
            }
        }
        return parameters
    }
}
