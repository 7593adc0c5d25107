import YAML

/// A mapping of the policy file whose keys are fixed: hands out values by key and complains about the others.
struct PolicyMapping {
    /// The place to complain at when a key is missing.
    let start: SourcePosition
    private let entries: [Entry]

    /// Reads `node` as a mapping with no keys but `known`; nil, with the problem noted, when it is none.
    init?(_ node: Node, of what: String, known: [String], _ problems: inout [PolicyProblem]) {
        guard let entries = Self.entries(node, of: what, &problems) else { return nil }
        start = node.start
        self.entries = entries
        for entry in entries where !known.contains(entry.key) {
            problems.append(
                PolicyProblem(
                    at: entry.keyStart, "unknown key \"\(entry.key)\" in \(what)",
                    hint: "known are \(known.joined(separator: ", "))"))
        }
    }

    /// The entries of a mapping whose keys are names.
    static func entries(_ node: Node, of what: String, _ problems: inout [PolicyProblem]) -> [Entry]? {
        switch node.content {
        case .mapping(let entries): return entries
        case .refused: return nil
        case .scalar, .sequence:
            problems.append(PolicyProblem(at: node.start, "\(what) is not a mapping"))
            return nil
        }
    }

    /// The value of `key`, if it is there and not null.
    subscript(key: String) -> Node? {
        entries.first { $0.key == key && !$0.value.isNull }?.value
    }

    /// The text of `key`; a problem when it is missing or no text.
    func text(_ key: String, _ problems: inout [PolicyProblem]) -> (text: String, at: SourcePosition)? {
        guard let node = self[key] else {
            problems.append(PolicyProblem(at: start, "\"\(key)\" is missing"))
            return nil
        }
        return Self.text(node, key, &problems).map { ($0, node.start) }
    }

    /// The list of texts of `key`; a problem when it is missing, empty or something else.
    func texts(_ key: String, _ problems: inout [PolicyProblem]) -> [(text: String, at: SourcePosition)] {
        guard let node = self[key] else {
            problems.append(PolicyProblem(at: start, "\"\(key)\" is missing"))
            return []
        }
        switch node.content {
        case .sequence(let items):
            if items.isEmpty { problems.append(PolicyProblem(at: node.start, "\"\(key)\" is empty")) }
            return items.compactMap { item in Self.text(item, key, &problems).map { ($0, item.start) } }
        case .refused: return []
        case .scalar, .mapping:
            problems.append(PolicyProblem(at: node.start, "\"\(key)\" is not a list"))
            return []
        }
    }

    private static func text(_ node: Node, _ key: String, _ problems: inout [PolicyProblem]) -> String? {
        switch node.content {
        case .scalar(let scalar) where !scalar.isNull && !scalar.text.isEmpty: return scalar.text
        case .refused: return nil
        case .scalar, .sequence, .mapping:
            problems.append(PolicyProblem(at: node.start, "\"\(key)\" is not a text"))
            return nil
        }
    }
}
