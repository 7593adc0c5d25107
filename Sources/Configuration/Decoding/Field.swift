import YAML

/// A value of the file with its place and its path, on the way to becoming a typed one.
struct Field {
    let node: Node
    let keyPath: String
    let findings: Findings

    /// Says what is wrong with this value.
    func complain(_ message: String, hint: String) {
        findings.add(message, hint: hint, keyPath: keyPath, at: node.start)
    }

    /// As `complain`; the answer nil is what a decoder ends with.
    func reject<T>(_ message: String, hint: String) -> T? {
        complain(message, hint: hint)
        return nil
    }

    /// The text of a scalar, as it was written; nil after a complaint about anything else.
    func scalar() -> Scalar? {
        switch node.content {
        case .scalar(let scalar): scalar
        case .refused: nil
        case .sequence: reject("a list can't stand here", hint: "Write a single value after the colon.")
        case .mapping: reject("a mapping can't stand here", hint: "Write a single value after the colon.")
        }
    }

    /// A text without control characters.
    func text() -> String? {
        guard let text = scalar()?.text else { return nil }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return reject(
                "the value contains a control character", hint: "Remove line breaks, tabs and escapes.")
        }
        return text
    }

    /// The items of a list. Empty ones are skipped, as upstream's decoder skips them.
    func items() -> [Field]? {
        switch node.content {
        case .sequence(let nodes):
            nodes.enumerated().filter { !$0.element.isNull }.map { index, item in
                Field(node: item, keyPath: "\(keyPath)[\(index)]", findings: findings)
            }
        case .refused: nil
        case .scalar, .mapping:
            reject(
                "this must be a list", hint: "Write each item on a line of its own that begins with \"- \".")
        }
    }
}
