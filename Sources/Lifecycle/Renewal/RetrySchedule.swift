import FoundationEssentials

/// How long to wait after a failed attempt: exponential with full jitter, shrinking as the end of life comes nearer so
/// that ten more tries fit.
public struct RetrySchedule: Hashable, Sendable {
    public var base: Duration
    public var cap: Duration
    /// The least wait after a possible order.
    public var possibleOrderDelay: Duration

    /// The longest that anybody's `Retry-After` is obeyed.
    public static let longestRetryAfter: Duration = .seconds(24 * 3600)

    public init(base: Duration, cap: Duration, possibleOrderDelay: Duration = .zero) {
        self.base = base
        self.cap = cap
        self.possibleOrderDelay = possibleOrderDelay
    }

    /// The wait after `failure`, the `step`-th in a row (from 1).
    public func delay(
        after failure: RenewalFailure, step: Int, life: Life, using random: inout some RandomNumberGenerator
    ) -> Duration {
        var delay: Duration
        if failure.isTransient {
            let ceiling = ceiling(step: step, life: life)
            delay = .seconds(Double.random(in: ceiling.seconds / 6...ceiling.seconds, using: &random))
        } else {
            delay = longest(for: life) * Double.random(in: 0.9...1, using: &random)
        }
        if let retryAfter = failure.retryAfter {
            delay = max(delay, Self.honoured(retryAfter, life: life))
        }
        return failure.isPossibleOrder ? max(delay, possibleOrderDelay) : delay
    }

    /// The cap for a certificate with this much life.
    public func longest(for life: Life) -> Duration {
        guard let horizon = life.horizon else { return cap }
        return max(min(cap, horizon / 10), min(base, .seconds(1)))
    }

    /// What of a `Retry-After` is obeyed: at most a quarter of the life that is left, and a day.
    public static func honoured(_ retryAfter: Duration, life: Life) -> Duration {
        max(.zero, min(retryAfter, longestRetryAfter, life.horizon.map { $0 / 4 } ?? longestRetryAfter))
    }

    private func ceiling(step: Int, life: Life) -> Duration {
        min(longest(for: life), base * (1 << min(max(step, 1) - 1, 20)))
    }
}

/// How much time a certificate has and had; both unknown for one that is missing.
public struct Life: Hashable, Sendable {
    public var whole: Duration?
    /// Negative after the end.
    public var left: Duration?

    public init(whole: Duration? = nil, left: Duration? = nil) {
        self.whole = whole
        self.left = left
    }

    /// What is left of an installed certificate; without one only the life of the last is known.
    init(of installed: InstalledCertificate?, or lifetime: Duration?, at now: Date) {
        self.init(
            whole: installed?.lifetime ?? lifetime,
            left: installed.map { .seconds($0.notAfter.timeIntervalSince(now)) })
    }

    /// The time that waits are measured against: what is left, or the whole life once nothing is.
    var horizon: Duration? {
        if let left, left > .zero { return left }
        return whole
    }
}
