import YAML

/// Something wrong with a policy file: where, what, and what to do.
public struct PolicyProblem: Error, Equatable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var message: String
    public var hint: String

    init(at place: SourcePosition, _ message: String, hint: String = "") {
        line = place.line
        column = place.column
        self.message = message
        self.hint = hint
    }

    init(_ problem: YAMLProblem) {
        self.init(at: problem.position, problem.message, hint: problem.hint)
    }

    /// `12:5: unknown key "profils"; known are …`
    public var description: String {
        "\(line):\(column): \(message)" + (hint.isEmpty ? "" : "; \(hint)")
    }
}

/// Everything that is wrong with a policy file, in the order of the file.
public struct PolicyProblems: Error, Equatable, Sendable, CustomStringConvertible {
    public var problems: [PolicyProblem]

    /// One line each.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
