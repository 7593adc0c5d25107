/// How often something ended how.
public struct ResultCounts: Hashable, Sendable {
    public var succeeded = 0
    public var failed = 0
    /// Ended without a change (renewals only).
    public var unchanged = 0

    public init(succeeded: Int = 0, failed: Int = 0, unchanged: Int = 0) {
        self.succeeded = succeeded
        self.failed = failed
        self.unchanged = unchanged
    }
}

/// What the host counts beyond its certificates.
public struct HostCounters: Hashable, Sendable {
    public var renewalDuration = DurationHistogram(bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300])
    public var reloadDuration = DurationHistogram(bounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
    public var brokerRequestDuration = DurationHistogram(bounds: [
        0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ])

    public init() {}
}

/// Durations sorted into buckets, in seconds.
public struct DurationHistogram: Hashable, Sendable {
    /// Upper bounds, ascending; a last bucket without bound follows.
    public let bounds: [Double]
    /// One more than there are bounds; not cumulative.
    public private(set) var counts: [Int]
    /// Those bounds, and the sum of all durations, in nanoseconds.
    private let limits: [Int64]
    private var total: Int64 = 0

    public init(bounds: [Double]) {
        self.bounds = bounds
        limits = bounds.map { Int64($0 * 1e9) }
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Seconds of all together.
    public var sum: Double { Double(total) / 1e9 }

    public var count: Int { counts.reduce(0, +) }

    public mutating func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    public mutating func observe(nanoseconds: Int64) {
        var place = 0
        while place < limits.count, nanoseconds > limits[place] { place += 1 }
        counts[place] += 1
        total += nanoseconds
    }
}
