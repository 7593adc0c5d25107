/// Makes somebody else's text fit to be shown.
public enum Printable {
    /// One line of at most `limit` scalars, without blanks around it: what could end the line, steer a terminal
    /// or turn the direction of writing is blank. Scalars are counted because one character may be made of a
    /// million of them.
    public static func line(_ text: String, limit: Int) -> String {
        var line = String.UnicodeScalarView()
        var room = limit
        for scalar in text.unicodeScalars {
            let shown = isShown(scalar) ? scalar : " "
            if shown == " ", line.isEmpty { continue }
            guard room > 0 else {
                line.append("…")
                break
            }
            room -= 1
            line.append(shown)
        }
        while line.last == " " { line.removeLast() }
        return String(line)
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
        default: true
        }
    }
}
