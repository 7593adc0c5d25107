import POSIX

/// When a loop last came round, told across threads.
public final class Heartbeat: Sendable {
    private let lastBeatAt: Lock<Duration>

    public init() { lastBeatAt = Lock(Clock.boottime()) }

    public func beat() { lastBeatAt.withLock { $0 = Clock.boottime() } }

    /// How long ago the loop last came round.
    public var age: Duration { Clock.boottime() - lastBeatAt.withLock { $0 } }
}
