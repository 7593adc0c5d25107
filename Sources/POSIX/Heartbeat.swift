/// How often and when a loop has come round, told across threads: one beats, others look.
public final class Heartbeat: Sendable {
    private struct Pulse {
        var beats: UInt64 = 0
        var lastAt: Duration
    }

    private let pulse: Lock<Pulse>

    public init() { pulse = Lock(Pulse(lastAt: Clock.boottime())) }

    public func beat() {
        let now = Clock.boottime()
        pulse.withLock {
            $0.beats &+= 1
            $0.lastAt = now
        }
    }

    /// Differs from what was seen before if the loop has come round since.
    public var beats: UInt64 { pulse.withLock { $0.beats } }

    /// How long ago the loop last came round.
    public var age: Duration { Clock.boottime() - pulse.withLock { $0.lastAt } }
}
