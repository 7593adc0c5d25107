import CPOSIX
import Glibc

/// Wakes a thread that waits, from any other. Rings before the wait are not lost; many rings are heard as one.
public final class Bell: Sendable {
    public enum Heard: Sendable {
        case rung, timedOut
    }

    /// Readable while a ring is unheard: for a `Poller`.
    public let descriptor: FileDescriptor

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try system("eventfd") { cposix_event_counter() })
    }

    public func ring() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the bell is ringing.
        _ = attempt { unsafe write(descriptor.rawValue, &one, 8) }
    }

    /// Whether there was a ring to hear. It is unheard no more.
    @discardableResult
    public func hear() -> Bool {
        var count: UInt64 = 0
        return (try? attempt { unsafe read(descriptor.rawValue, &count, 8) }.get()) != nil
    }

    /// Whether a ring is unheard. It stays so: all who share a bell as a sign to stop can see it.
    public var isRinging: Bool {
        attempt { cposix_wait_readable(descriptor.rawValue, 0) } == .success(1)
    }

    /// Waits for a ring and leaves it unheard, for all who share the bell as a sign to stop.
    public func waitUnheard(until deadline: Duration) -> Heard {
        while !isRinging {
            guard let slice = Clock.slice(until: deadline) else { return .timedOut }
            _ = attempt { cposix_wait_readable(descriptor.rawValue, slice) }
        }
        return .rung
    }

    /// Waits for a ring, and hears it; no longer than to the boottime deadline (at most five seconds longer after a
    /// suspend).
    public func wait(until deadline: Duration? = nil) -> Heard {
        while true {
            if hear() { return .rung }
            guard let slice = Clock.slice(until: deadline) else { return .timedOut }
            _ = attempt { cposix_wait_readable(descriptor.rawValue, slice) }
        }
    }
}
