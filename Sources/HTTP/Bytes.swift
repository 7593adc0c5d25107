extension Span<UInt8> {
    /// The bytes in `range` are `lowercase`, letter case aside. There is no control character among them.
    func matches(_ lowercase: [UInt8], in range: Range<Int>) -> Bool {
        let wanted = lowercase.span
        let start = range.lowerBound
        // Asked once: then no index in the loop can be out of bounds.
        guard range.count == wanted.count, start >= 0, start <= count - wanted.count else { return false }
        let found = extracting(start..<start &+ wanted.count)
        // With no control character among them the bit of the letter case makes no two others the same.
        if wanted.count >= 8 {
            let last = wanted.count &- 8
            var index = 0
            while index < last {
                guard ByteLanes(found, at: index).lowered == ByteLanes(wanted, at: index).lowered else {
                    return false
                }
                index &+= 8
            }
            return ByteLanes(found, at: last).lowered == ByteLanes(wanted, at: last).lowered
        }
        for offset in 0..<wanted.count where ASCII.lowercased(found[offset]) != wanted[offset] {
            return false
        }
        return true
    }

    /// The bytes in `range` are `text`.
    func equals(_ text: [UInt8], in range: Range<Int>) -> Bool {
        let wanted = text.span
        guard range.count == wanted.count else { return false }
        let found = extracting(range)
        var index = 0
        while wanted.count &- index >= 8 {
            guard ByteLanes(found, at: index) == ByteLanes(wanted, at: index) else { return false }
            index &+= 8
        }
        while index < wanted.count {
            guard found[index] == wanted[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// `range` without the spaces and tabs at its ends.
    @inline(__always)
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var first = range.lowerBound
        var end = range.upperBound
        while first < end, ASCII.isWhiteSpace(self[first]) { first &+= 1 }
        while end > first, ASCII.isWhiteSpace(self[end &- 1]) { end &-= 1 }
        return first..<end
    }
}

extension [UInt8] {
    /// The bytes in `range` are `lowercase`, letter case aside.
    func matches(_ lowercase: [UInt8], in range: Range<Int>) -> Bool {
        span.matches(lowercase, in: range)
    }

    /// The bytes of two ranges are the same, letter case aside.
    func matches(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        one.count == other.count
            && zip(self[one], self[other]).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    /// Moves the bytes out and leaves nothing behind: no second owner, and so no copy when they are written to.
    mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &self)
        return taken
    }
}
