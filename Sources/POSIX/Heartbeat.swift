import Synchronization

/// How often and when a loop has come round, told across threads: one beats, others look.
public final class Heartbeat: Sendable {
    private let count = Atomic<UInt64>(0)
    /// On the boottime clock.
    private let nanoseconds = Atomic(Clock.nanoseconds())

    public init() {}

    /// The loop has come round.
    public func beat() {
        nanoseconds.store(Clock.nanoseconds(), ordering: .relaxed)
        count.add(1, ordering: .releasing)
    }

    /// Differs from what was seen before if the loop has come round since.
    public var beats: UInt64 { count.load(ordering: .acquiring) }

    /// How long ago the loop last came round.
    public var age: Duration { .nanoseconds(age(at: Clock.nanoseconds())) }

    /// Nanoseconds between the loop's last round and `now`, nanoseconds of the boottime clock.
    public func age(at now: Int64) -> Int64 { now &- nanoseconds.load(ordering: .relaxed) }
}
