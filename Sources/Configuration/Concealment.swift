import YAML

/// Which parts of a file an excerpt must not show: the values of commands, and those of unknown keys, because a
/// misspelt `reload_comand` holds a command too.
struct Concealment {
    private let source: SourceText
    /// Places of concealed values, in order and apart from one another; nil when there is no tree.
    private let regions: [Range<SourcePosition>]?

    init(_ source: SourceText, root: Node?) {
        self.source = source
        regions = root.map(Self.regions(inRoot:))
    }

    /// The concealed columns of the line of a problem.
    func columns(around position: SourcePosition) -> [Range<Int>] {
        let line = position.line
        guard let regions else {
            // What the parser has not understood may be anything.
            return columnsByIndentation(ofLine: line) + [max(position.column, 0) &+ 1..<Int.max]
        }
        return regions[Self.firstIndex(in: regions, endingFrom: line)...]
            .prefix { $0.lowerBound.line <= line }
            .compactMap { region in
                let first = region.lowerBound.line == line ? region.lowerBound.column : 1
                let end = region.upperBound.line == line ? region.upperBound.column : Int.max
                return first < end ? first..<end : nil
            }
    }

    private static func firstIndex(in regions: [Range<SourcePosition>], endingFrom line: Int) -> Int {
        var low = 0
        var high = regions.count
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].upperBound.line < line { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A root that is no mapping has no key that could vouch for it.
    private static func regions(inRoot root: Node) -> [Range<SourcePosition>] {
        if case .mapping = root.content { return regions(in: root) }
        return root.start < root.end ? [root.start..<root.end] : []
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
        // A key with spaces is debris of something else.
        let start = entry.key.contains(where: \.isWhitespace) ? entry.keyStart : entry.value.start
        let end = max(entry.value.end, start)
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
                // A list item; anything else without a key is debris.
                let isItem = text[..<indentation].contains("-") && !text.contains("{")
                return isItem ? [] : [indentation + 1..<Int.max]
            }
            guard Schema.showable.contains(key) else { return [valueStart + 1..<Int.max] }
            // A mapping in braces may hold any key.
            guard let brace = text.firstIndex(of: "{") else { return [] }
            return [brace + 2..<Int.max]
        }
    }
}
