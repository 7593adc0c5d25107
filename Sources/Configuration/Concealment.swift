import YAML

/// Which parts of a file an excerpt must not show: the values of commands, and those of unknown keys, because a
/// misspelt `reload_comand` holds a command too.
struct Concealment {
    private let source: SourceText
    /// Places of concealed values, from the tree; nil when the file could not be read as a tree.
    private let regions: [Range<SourcePosition>]?

    init(_ source: SourceText, root: Node?) {
        self.source = source
        regions = root.map { Self.regions(in: $0) }
    }

    /// The concealed columns of a line.
    func columns(ofLine line: Int) -> [Range<Int>] {
        guard let regions else { return columnsByIndentation(ofLine: line) }
        return regions.compactMap { region in
            guard region.lowerBound.line <= line, line <= region.upperBound.line else { return nil }
            let first = region.lowerBound.line == line ? region.lowerBound.column : 1
            let end = region.upperBound.line == line ? region.upperBound.column : Int.max
            return first < end ? first..<end : nil
        }
    }

    private static func regions(in node: Node) -> [Range<SourcePosition>] {
        switch node.content {
        case .scalar, .refused: []
        case .sequence(let items): items.flatMap(regions(in:))
        case .mapping(let entries): entries.flatMap(regions(in:))
        }
    }

    private static func regions(in entry: Entry) -> [Range<SourcePosition>] {
        if Schema.showable.contains(entry.key) { return regions(in: entry.value) }
        let (start, end) = (entry.value.start, entry.value.end)
        return start < end ? [start..<end] : []
    }
}

/// Without a tree the lines have to do: a line is shown if it begins with a harmless key, and so does each line
/// that it hangs below by its indentation.
extension Concealment {
    private func columnsByIndentation(ofLine number: Int) -> [Range<Int>] {
        let line = Line(source.line(number))
        var indentation = line.indentation
        var above = number - 1
        while indentation > 0, above > 0 {
            let candidate = Line(source.line(above))
            if !candidate.isBlank, candidate.indentation < indentation {
                guard let key = candidate.key, Schema.showable.contains(key) else { return [1..<Int.max] }
                indentation = candidate.indentation
            }
            above -= 1
        }
        return line.concealedColumns
    }

    private struct Line {
        let text: [Unicode.Scalar]
        /// Of the first key or value, after the dashes of list items.
        let indentation: Int
        let key: String?
        private let valueStart: Int

        var isBlank: Bool { indentation == text.count }

        init(_ line: String) {
            text = Array(line.unicodeScalars)
            var index = 0
            while index < text.count, text[index] == " " || text[index] == "\t" || text[index] == "-" {
                index += 1
            }
            indentation = index
            let name = text[index...].prefix { $0 != ":" }
            valueStart = min(name.endIndex + 1, text.count)
            let bare = name.filter { $0 != "\"" && $0 != "'" && $0 != " " }
            key = name.endIndex < text.count ? String(String.UnicodeScalarView(bare)) : nil
        }

        var concealedColumns: [Range<Int>] {
            guard let key else {
                // A list item or the continuation of something harmless.
                return text.contains("{") ? [indentation + 1..<Int.max] : []
            }
            guard Schema.showable.contains(key) else { return [valueStart + 1..<Int.max] }
            // A mapping in braces may hold any key.
            guard let brace = text.firstIndex(of: "{") else { return [] }
            return [brace + 2..<Int.max]
        }
    }
}
