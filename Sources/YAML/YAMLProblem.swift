/// What is wrong with a text as YAML, where, and what to do about it.
public struct YAMLProblem: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Nothing of the document can be used: it is not YAML, or not text.
        case syntax, encoding, complexKey
        /// Nothing of the document can be used: it exceeds `YAMLLimits`.
        case tooLarge, tooDeep, tooManyNodes
        /// The rest of the document is readable all the same.
        case alias, anchor, tag, duplicateKey
        case outOfMemory
    }

    public let kind: Kind
    public let position: SourcePosition
    public let message: String
    public let hint: String

    init(_ kind: Kind, at position: SourcePosition, _ message: String, hint: String) {
        self.kind = kind
        self.position = position
        self.message = message.printable
        self.hint = hint
    }
}

/// What a document may cost. A configuration is small; what isn't is a mistake or an attack.
public struct YAMLLimits: Sendable {
    public var bytes = 4 << 20
    /// Collections inside collections.
    public var depth = 32
    public var nodes = 400_000
    /// Problems that do not end the reading are listed up to this many.
    public var problems = 100

    public init() {}
}
