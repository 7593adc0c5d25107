/// A range in the head of a request, half as large as a `Range`: a request is moved often, and most of it are ranges.
/// Heads are far shorter than four gigabytes.
struct ByteRange: Sendable {
    private let lower: UInt32
    private let upper: UInt32

    @inline(__always)
    init(_ range: Range<Int>) {
        lower = UInt32(truncatingIfNeeded: range.lowerBound)
        upper = UInt32(truncatingIfNeeded: range.upperBound)
    }

    @inline(__always)
    var range: Range<Int> { Int(lower)..<Int(upper) }
}
