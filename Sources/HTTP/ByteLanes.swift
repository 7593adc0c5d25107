/// Eight bytes at once, as the lanes of one number: the first byte is the lowest lane. What is asked of all of them
/// takes a dozen instructions and no branch.
struct ByteLanes: Equatable {
    private let lanes: UInt64

    /// The bytes from `index` on; there are eight of them.
    @inline(__always)
    init(_ bytes: borrowing Span<UInt8>, at index: Int) {
        let block = bytes.extracting(index..<index &+ 8)
        var lanes: UInt64 = 0
        for lane in 0..<8 { lanes |= UInt64(block[lane]) &<< UInt64(lane &* 8) }
        self.lanes = lanes
    }

    /// How many bytes from the first on are printable ASCII: 8 if all are.
    @inline(__always)
    var printableCount: Int {
        Self.countBefore(lanes | ~atLeast(ASCII.space) | atLeast(ASCII.delete))
    }

    /// How many bytes from the first on are letters or hyphens, of which nearly all names are made: 8 if all are.
    @inline(__always)
    var nameCount: Int {
        let lowered = lowered
        let letters = lowered.atLeast(UInt8(ascii: "a")) & ~lowered.atLeast(UInt8(ascii: "z") + 1)
        let hyphens = ~ByteLanes(lanes ^ Self.each(UInt8(ascii: "-"))).atLeast(1)
        return Self.countBefore(lanes | ~(letters | hyphens))
    }

    /// How many bytes from the first on are no space: 8 if none is.
    @inline(__always)
    var unspacedCount: Int {
        Self.countBefore(~lanes & ~ByteLanes(lanes ^ Self.each(ASCII.space)).atLeast(1))
    }

    /// With the bit set that tells small letters from capital ones.
    @inline(__always)
    var lowered: ByteLanes { ByteLanes(lanes | Self.each(0x20)) }

    private init(_ lanes: UInt64) { self.lanes = lanes }

    /// The high bit of each lane that is `bound` or more, its own high bit aside. No lane carries into the next.
    @inline(__always)
    private func atLeast(_ bound: UInt8) -> UInt64 {
        (lanes & Self.each(0x7F)) &+ Self.each(0x80 &- bound)
    }

    /// Lanes before the first whose high bit is set.
    @inline(__always)
    private static func countBefore(_ marks: UInt64) -> Int {
        (marks & each(0x80)).trailingZeroBitCount &>> 3
    }

    @inline(__always)
    private static func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }
}
