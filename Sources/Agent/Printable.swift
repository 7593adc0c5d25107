/// Makes somebody else's text fit to be shown.
enum Printable {
    /// One line without control characters, cut at `limit` characters.
    static func line(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.isWhitespace ? " " : scalar
        }
        var line = String(String.UnicodeScalarView(scalars)).trimmed
        if line.count > limit { line = line.prefix(limit) + "…" }
        return line
    }
}

extension StringProtocol {
    /// Without the white space around it.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
