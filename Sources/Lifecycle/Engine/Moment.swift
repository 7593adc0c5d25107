public import FoundationEssentials

/// One reading of both clocks: the wall clock, which people set, and the boottime clock, which only goes forward and
/// counts suspended time. Validity is judged by the first, waiting is measured by the second.
public struct Moment: Hashable, Sendable {
    public var wall: Date
    /// Since boot.
    public var boottime: Duration

    public init(wall: Date, boottime: Duration) {
        self.wall = wall
        self.boottime = boottime
    }

    /// When the boottime clock will read what the wall clock calls `date`, if nobody sets the latter.
    func boottime(of date: Date) -> Duration { boottime + .seconds(date.timeIntervalSince(wall)) }

    /// What the wall clock will read at `deadline`, if nobody sets it.
    func wall(of deadline: Duration) -> Date { wall + (deadline - boottime).seconds }
}

extension Duration {
    /// The length in seconds.
    public var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
