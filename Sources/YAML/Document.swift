/// The first document of a text as a tree, with everything that is wrong with it.
///
/// Aliases are never expanded, so the tree is at most as large as the text; anchors, aliases and tags are
/// problems, because a configuration that needs them hides what it says.
public struct Document: Sendable {
    /// Absent when there is no document, or when it can't be read at all.
    public let root: Node?
    /// In the order of the text. A document with problems may have a tree, so that its reader can find the
    /// rest of the mistakes in the same run, but nothing in it is to be used.
    public let problems: [YAMLProblem]

    public init(reading source: SourceText, limits: YAMLLimits = YAMLLimits()) {
        guard source.bytes.count <= limits.bytes else {
            root = nil
            problems = [.tooLarge(source.bytes.count, limit: limits.bytes)]
            return
        }
        do throws(YAMLProblem) {
            var composer = try Composer(source, limits: limits)
            root = try composer.firstDocument()
            problems = composer.problems
        } catch {
            root = nil
            problems = [error]
        }
    }
}

extension YAMLProblem {
    static func tooLarge(_ size: Int, limit: Int) -> YAMLProblem {
        YAMLProblem(
            .tooLarge, at: SourcePosition(line: 1, column: 1),
            "the file has \(size) bytes, more than the \(limit) that are read",
            hint: "Check that this is the right file.")
    }
}
