/// Columns for people: as wide as their widest cell, two spaces apart, the last one as it is.
struct TextTable {
    private var cells: [[String]]

    init(_ heads: [String]) { cells = [heads] }

    mutating func add(_ row: [String]) { cells.append(row) }

    var text: String { rows.map { $0 + "\n" }.joined() }

    var rows: [String] {
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

extension Duration {
    /// The two largest units, for people: `89 d 4 h`, `3 min 20 s`, `0.2 s`.
    var brief: String {
        let (whole, attoseconds) = components
        let negative = whole < 0 || attoseconds < 0
        let seconds = abs(whole)
        let text: String
        switch seconds {
        case 0..<10:
            let tenths = seconds * 10 + abs(attoseconds) / 100_000_000_000_000_000
            text = tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        case 10..<60: text = "\(seconds) s"
        case 60..<3600: text = Self.pair(seconds, 60, "min", 1, "s")
        case 3600..<86_400: text = Self.pair(seconds, 3600, "h", 60, "min")
        default: text = Self.pair(seconds, 86_400, "d", 3600, "h")
        }
        return negative ? "-" + text : text
    }

    private static func pair(
        _ seconds: Int64, _ large: Int64, _ largeName: String, _ small: Int64, _ smallName: String
    ) -> String {
        let rest = seconds % large / small
        return rest == 0
            ? "\(seconds / large) \(largeName)" : "\(seconds / large) \(largeName) \(rest) \(smallName)"
    }
}
