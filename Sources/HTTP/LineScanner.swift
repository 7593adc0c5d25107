/// Finds the end of a line in bytes that come in pieces. A line ends in CR LF and in nothing else, and holds no
/// control character but the tab: what a laxer reader would take for a line end is refused where it stands.
struct LineScanner: Sendable {
    private var endsInCarriageReturn = false

    /// Scans `input` from `start`: where it stopped, and whether a line ended there. Without a line end it stops
    /// at the end of the input.
    @inline(__always)
    mutating func scan(
        _ input: borrowing Span<UInt8>, from start: Int
    ) throws(RefusedRequest) -> (next: Int, endsLine: Bool) {
        let count = input.count
        var index = start
        if endsInCarriageReturn, index < count {
            guard input[index] == ASCII.lineFeed else { throw .bareCarriageReturn }
            endsInCarriageReturn = false
            return (index + 1, true)
        }
        index = Self.endOfText(input, from: index)
        guard index < count else { return (index, false) }
        let byte = input[index]
        guard byte == ASCII.carriageReturn else {
            throw byte == ASCII.lineFeed ? .bareLineFeed : .controlCharacter
        }
        guard index + 1 < count else {
            endsInCarriageReturn = true
            return (index + 1, false)
        }
        guard input[index + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
        return (index + 2, true)
    }

    /// Where the first control character but the tab stands, or the end. `start` is at most `input.count`, so no
    /// index overflows.
    private static func endOfText(_ input: borrowing Span<UInt8>, from start: Int) -> Int {
        let count = input.count
        var index = max(start, 0)
        // Bounds are asked for once in sixteen bytes.
        while count &- index >= 16 {
            let block = input.extracting(index..<index &+ 16)
            var printable = ByteLanes(block, at: 0).printableCount
            if printable == 8 { printable &+= ByteLanes(block, at: 8).printableCount }
            index &+= printable
            guard printable < 16 else { continue }
            // Most often it is the line end.
            guard isText(block[printable]) else { return index }
            index &+= 1
        }
        while count &- index >= 8 {
            let printable = ByteLanes(input, at: index).printableCount
            index &+= printable
            guard printable < 8 else { continue }
            guard isText(input[index]) else { return index }
            index &+= 1
        }
        while index < count, isText(input[index]) { index &+= 1 }
        return index
    }

    @inline(__always)
    private static func isText(_ byte: UInt8) -> Bool {
        byte >= ASCII.space && byte != ASCII.delete || byte == ASCII.tab
    }
}
