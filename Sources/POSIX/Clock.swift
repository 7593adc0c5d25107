import Glibc

/// The two clocks of the house.
public enum Clock {
    public struct WallTime: Hashable, Sendable {
        /// Since 1970.
        public let seconds: Int64
        public let nanoseconds: Int32
    }

    /// What the calendar says; jumps when it is set.
    public static func wall() -> WallTime {
        let now = read(CLOCK_REALTIME)
        return WallTime(seconds: Int64(now.tv_sec), nanoseconds: Int32(now.tv_nsec))
    }

    /// The time since boot, suspends included; never jumps. Deadlines are points of this clock.
    public static func boottime() -> Duration {
        let now = read(CLOCK_BOOTTIME)
        return Duration(
            secondsComponent: Int64(now.tv_sec), attosecondsComponent: Int64(now.tv_nsec) * 1_000_000_000)
    }

    /// `boottime` in nanoseconds: for what is measured with every request, where arithmetic of `Duration` counts.
    public static func nanoseconds() -> Int64 {
        let now = read(CLOCK_BOOTTIME)
        return Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
    }

    /// Milliseconds that a wait may sleep before it must look at the clock again, nil if the deadline has passed.
    ///
    /// The kernel's timeouts stand still during a suspend, deadlines don't: hence no longer than five seconds.
    static func slice(until deadline: Duration?) -> Int32? {
        guard let deadline else { return 5_000 }
        let left = deadline - boottime()
        if left <= .zero { return nil }
        if left >= .seconds(5) { return 5_000 }
        // Rounded up: a wait that ends early would be repeated without sleep.
        return Int32(left / .milliseconds(1)) + 1
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var now = timespec()
        unsafe clock_gettime(clock, &now)
        return now
    }
}
