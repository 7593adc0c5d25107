import YAML

/// Collects what is wrong while a file is decoded. A class, because every part of the decoding adds to the same
/// list.
final class Findings {
    struct Finding {
        let position: SourcePosition
        let keyPath: String
        let message: String
        let hint: String
    }

    /// A file with more mistakes is the wrong file; listing them all would only take time.
    private static let limit = 1000

    private(set) var all: [Finding] = []
    /// Every valid path so far; they are judged together, when all are known.
    var claims: [PathClaim] = []
    private var troubled: Set<String> = []

    func add(_ message: String, hint: String, keyPath: String, at position: SourcePosition) {
        if all.count < Self.limit {
            all.append(Finding(position: position, keyPath: keyPath, message: message, hint: hint))
        }
        var path = keyPath[...]
        while !path.isEmpty {
            troubled.insert(String(path))
            guard let separator = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = path[..<separator]
        }
    }

    func add(_ problem: YAMLProblem) {
        add(problem.message, hint: problem.hint, keyPath: "", at: problem.position)
    }

    /// Whether the value at `keyPath`, or something in it, has been found wanting.
    func concern(_ keyPath: String) -> Bool {
        troubled.contains(keyPath)
    }

    /// Everything in the order of the file, with excerpts that conceal what must not be shown.
    func problems(in source: SourceText, root: Node?) -> [ConfigurationProblem] {
        let concealment = Concealment(source, root: root)
        // Sorting is not stable by promise: equal places keep the order of discovery by their index.
        let order = all.indices.sorted { (all[$0].position, $0) < (all[$1].position, $1) }
        return order.map { index in
            let finding = all[index]
            let columns = concealment.columns(around: finding.position)
            let excerpt = source.excerpt(at: finding.position, concealing: columns)
            return ConfigurationProblem(
                file: source.name, line: finding.position.line, column: finding.position.column,
                keyPath: finding.keyPath, message: finding.message, hint: finding.hint, excerpt: excerpt.text,
                markedExcerpt: excerpt.rendered)
        }
    }
}
