/// Reads `host [":" port]` of a Host field or an absolute target.
enum Authority {
    /// Refuses `range` if it is not a name, an IPv4 address or a bracketed IPv6 address with an optional port.
    static func check(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(RefusedRequest) {
        var index = max(range.lowerBound, 0)
        let end = min(range.upperBound, bytes.count)
        if index < end, bytes[index] == UInt8(ascii: "[") {
            index += 1
            let first = index
            while index < end, ByteSet.hostAddress.contains(bytes[index]) { index &+= 1 }
            guard index > first, index < end, bytes[index] == UInt8(ascii: "]") else { throw .malformedHost }
            index += 1
        } else {
            while index < end, ByteSet.hostName.contains(bytes[index]) { index &+= 1 }
            guard index > range.lowerBound else { throw .malformedHost }
        }
        guard index < end else { return }
        guard bytes[index] == ASCII.colon else { throw .malformedHost }
        let port = index + 1..<end
        guard (1...5).contains(port.count) else { throw .malformedHost }
        for place in port where ASCII.digitValue(bytes[place]) == nil { throw .malformedHost }
    }
}
