import FoundationEssentials

/// Finds the earliest of several moments that are still to come.
struct Earliest {
    private let now: Moment
    private(set) var deadline: Duration?

    init(after now: Moment) { self.now = now }

    mutating func consider(_ candidate: Duration) {
        if candidate > now.boottime { deadline = min(deadline ?? candidate, candidate) }
    }

    /// A millisecond late rather than early: dates are binary fractions, and at the deadline this one must have come.
    mutating func consider(_ date: Date) {
        if date > now.wall { consider(now.boottime(of: date) + .milliseconds(1)) }
    }
}
