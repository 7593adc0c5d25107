/// A value of a document and the place it was written at.
public struct Node: Sendable {
    public enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
        /// Something that `Document.problems` already complains about; say nothing more about it.
        case refused
    }

    public let content: Content
    public let start: SourcePosition
    /// The place after its last character.
    public let end: SourcePosition

    /// Written as nothing, `~` or `null`.
    public var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.isNull } else { false }
    }
}

/// A text and how it was written; what it means (number, boolean, duration) is the reader's to say.
public struct Scalar: Sendable, Hashable {
    public enum Style: Sendable {
        case plain
        /// In single or double quotes, or a `|` or `>` block.
        case quoted
    }

    public let text: String
    public let style: Style

    public init(text: String, style: Style) {
        self.text = text
        self.style = style
    }

    /// The null of YAML's core schema; in quotes each of these is a text.
    public var isNull: Bool {
        style == .plain && ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// One `key: value` of a mapping, in the order of the file. A repeated key is a problem of the document, and stays
/// in the tree.
public struct Entry: Sendable {
    public let key: String
    public let keyStart: SourcePosition
    public let value: Node
}
