public import FoundationEssentials

/// Which orders run, who waits for them, and what was issued before. No clock, no network: the caller brings the
/// time and does the work.
///
/// Identical concurrent orders are one: the second caller waits for the first one's result. An order that has
/// begun is finished and kept even when every waiter has gone.
public struct OrderBook<Waiter: Sendable>: Sendable {
    /// What is to be done with a call.
    public enum Decision: Sendable {
        /// Too many calls; the caller may come back after the wait.
        case rateLimited(retryAfter: Duration)
        /// Hand this out.
        case hit(IssuedBundle)
        /// The same order is under way; the waiter will be returned by `finish`.
        case joined
        /// Place the order, then call `finish`.
        case begin
    }

    /// Limits in force.
    public var limits: HourlyLimits
    private var cache = BundleCache()
    private var waiting: [CacheKey: [Waiter]] = [:]

    public init(limits: HourlyLimits) {
        self.limits = limits
    }

    /// How many orders are under way.
    public var running: Int { waiting.count }

    /// Counts the call and decides. `elapsed` is a steady clock for the limits, `now` the wall clock.
    public mutating func place(
        _ key: CacheKey, renewBefore: Duration, waiter: Waiter, elapsed: Duration, now: Date
    ) -> Decision {
        if let wait = limits.admit(identity: key.identity, profile: key.profile, at: elapsed) {
            return .rateLimited(retryAfter: wait)
        }
        if let bundle = cache.bundle(for: key, renewBefore: renewBefore, at: now) { return .hit(bundle) }
        if waiting[key] != nil {
            waiting[key]?.append(waiter)
            return .joined
        }
        waiting[key] = [waiter]
        return .begin
    }

    /// Ends the order for `key`, keeps its bundle if there is one, and returns everyone who waited for it.
    public mutating func finish(_ key: CacheKey, _ bundle: IssuedBundle?, now: Date) -> [Waiter] {
        if let bundle { cache.keep(bundle, for: key, at: now) }
        return waiting.removeValue(forKey: key) ?? []
    }
}
