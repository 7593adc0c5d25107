/// The problems of a configuration as text for a terminal.
public struct ConfigurationReport: Sendable {
    public let problems: [ConfigurationProblem]
    /// How many problems are shown in full; the rest is counted.
    public var shown = 50

    public init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One line: how many problems there are, and where.
    public var summary: String {
        guard let first = problems.first else { return "no problems" }
        return problems.count == 1
            ? "1 problem in \(first.file)" : "\(problems.count) problems in \(first.file)"
    }

    /// A paragraph for each problem: place, message, the line with a caret, what to do.
    public var text: String {
        var paragraphs = problems.prefix(shown).map(paragraph)
        if problems.count > shown { paragraphs.append("… and \(problems.count - shown) more\n") }
        return paragraphs.joined(separator: "\n")
    }

    private func paragraph(_ problem: ConfigurationProblem) -> String {
        let place = "\(problem.file):\(problem.line):\(problem.column)"
        let subject = problem.keyPath.isEmpty ? "" : "\(problem.keyPath): "
        let excerpt = problem.markedExcerpt.split(separator: "\n").map { "  \($0)\n" }.joined()
        return "\(place): \(subject)\(problem.message)\n\(excerpt)  \(problem.hint)\n"
    }
}
