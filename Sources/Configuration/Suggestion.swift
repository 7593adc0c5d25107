/// What a person may have meant by a word that isn't known.
enum Suggestion {
    /// The known word that is nearest to `word`, if it is near enough to be a slip.
    static func nearest(to word: String, among known: [String]) -> String? {
        let typed = Array(word.lowercased().utf8)
        // Nothing of ours is longer, and the distance costs the product of the lengths.
        guard typed.count <= 64 else { return nil }
        let candidates = known.map { ($0, distance(typed, Array($0.utf8))) }
        guard let (best, edits) = candidates.min(by: { $0.1 < $1.1 }) else { return nil }
        return edits <= max(1, min(3, best.utf8.count / 3)) ? best : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var older: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    previous[column] + (byte == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    cost = min(cost, older[column - 1] + 1)
                }
                current.append(cost)
            }
            (older, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
