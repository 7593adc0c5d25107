import POSIX

/// Text as it fits a terminal.
extension WindowSize {
    /// The line, cut to one row. The last column stays free: what a terminal does behind it differs.
    func row(_ line: String) -> String {
        let room = max(columns - 1, 1)
        if line.utf8.count <= room || line.cells <= room { return line }
        var (row, used) = ("", 0)
        for character in line {
            used += character.cells
            if used > room - 1 { break }
            row.append(character)
        }
        return row + "…"
    }

    /// The lines of the text, each in one row, as many as fit with the cursor below them; what doesn't fit is counted.
    func page(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        let room = max(rows - 1, 1)
        if lines.count > room {
            let hidden = lines.count - (room - 1)
            lines.removeLast(hidden)
            lines.append("… and \(hidden) more lines")
        }
        return lines.map(row)
    }
}

extension String {
    /// The columns that it takes.
    fileprivate var cells: Int { reduce(0) { $0 + $1.cells } }
}

extension Character {
    /// Two columns for what East Asian fonts draw wide, and for emoji (UAX 11); those that only change others are part
    /// of them.
    fileprivate var cells: Int {
        guard let scalar = unicodeScalars.first?.value, scalar >= 0x1100 else { return 1 }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
        ]
        return wide.contains { $0.contains(scalar) } ? 2 : 1
    }
}
