/// One line of a source with a mark below it, made for people to look at.
public struct Excerpt: Sendable, Hashable {
    public let lineNumber: Int
    /// The line with control characters blanked and, where it is long, only the part around the mark.
    public let text: String
    /// How many characters stand before the mark.
    public let caretOffset: Int

    /// Two lines: the text behind its line number, and the caret below the place.
    public var rendered: String {
        let number = String(lineNumber)
        let margin = String(repeating: " ", count: number.count)
        let blanks = String(repeating: " ", count: caretOffset)
        return "\(number) | \(text)\n\(margin) | \(blanks)^"
    }
}

extension SourceText {
    /// The line at `position`. Columns in `concealed` are shown as one `…` for each range; a caret that would
    /// stand inside one stands on it.
    public func excerpt(at position: SourcePosition, concealing concealed: [Range<Int>] = []) -> Excerpt {
        var shown: [Unicode.Scalar] = []
        var caret: Int?
        var lastConcealed: Int?
        for (index, scalar) in line(position.line).unicodeScalars.enumerated() {
            let column = index + 1
            let cover = concealed.firstIndex { $0.contains(column) }
            if let cover, cover == lastConcealed {
                if column == position.column { caret = shown.count - 1 }
                continue
            }
            lastConcealed = cover
            if column == position.column { caret = shown.count }
            shown.append(cover == nil ? scalar.printable : "…")
        }
        return Self.window(shown, caret: caret ?? shown.count, lineNumber: position.line)
    }

    /// Long lines are cut to what fits a terminal, with the mark inside.
    private static func window(_ scalars: [Unicode.Scalar], caret: Int, lineNumber: Int) -> Excerpt {
        let (before, width) = (60, 96)
        let start = caret > width - 10 ? caret - before : 0
        let end = min(scalars.count, start + width)
        var view = String.UnicodeScalarView()
        if start > 0 { view.append("…") }
        view.append(contentsOf: scalars[min(start, end)..<end])
        if end < scalars.count { view.append("…") }
        return Excerpt(
            lineNumber: lineNumber, text: String(view), caretOffset: caret - start + (start > 0 ? 1 : 0))
    }
}
