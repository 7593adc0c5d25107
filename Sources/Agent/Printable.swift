/// Makes somebody else's text fit to be shown.
enum Printable {
    /// One line without control characters and without what reorders or hides text, cut at `limit` Unicode scalars
    /// (a single character can have any number of them).
    static func line(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.map { isPlain($0) ? $0 : " " }
        let line = String(String.UnicodeScalarView(scalars)).trimmed.unicodeScalars
        if line.count <= limit { return String(line) }
        return String(line.prefix(limit)) + "…"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
        default: true
        }
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
