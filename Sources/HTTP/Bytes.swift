extension [UInt8] {
    /// The bytes in `range` are `lowercase`, letter case aside.
    func matches(_ lowercase: [UInt8], in range: Range<Int>) -> Bool {
        guard range.count == lowercase.count else { return false }
        // The bounds are told to the compiler once, so that it checks no index in the loop.
        let end = Swift.min(range.upperBound, count)
        var index = Swift.max(range.lowerBound, 0)
        var offset = 0
        while index < end, offset < lowercase.count {
            guard ASCII.lowercased(self[index]) == lowercase[offset] else { return false }
            index &+= 1
            offset &+= 1
        }
        return true
    }

    /// The bytes of two ranges are the same, letter case aside.
    func matches(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        one.count == other.count
            && zip(self[one], self[other]).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// `range` without the spaces and tabs at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var first = range.lowerBound
        var end = range.upperBound
        while first < end, self[first] == ASCII.space || self[first] == ASCII.tab { first += 1 }
        while end > first, self[end - 1] == ASCII.space || self[end - 1] == ASCII.tab { end -= 1 }
        return first..<end
    }
}

extension [UInt8] {
    /// Moves the bytes out and leaves nothing behind: no second owner, and so no copy when they are written to.
    mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &self)
        return taken
    }
}
