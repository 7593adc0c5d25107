public import FoundationEssentials

/// How many orders one certificate may cost in seven days before something must be wrong.
public struct OrderBudget: Hashable, Sendable {
    /// Over the limit, automatic orders go on at one in this time, or twice as often as its life needs.
    public static let slowInterval: Duration = .seconds(34 * 3600)

    public let limit: Int
    /// Between automatic orders over the limit: no certificate dies of its budget, however short its life.
    private let pace: Duration

    /// Twice what the lifetime needs, and at least five; five while the lifetime is unknown.
    public init(lifetime: Duration?, window: RenewalWindow?) {
        guard let lifetime, lifetime > .zero else {
            limit = 5
            pace = Self.slowInterval
            return
        }
        let between = max((lifetime - (window?.effective ?? lifetime / 2)).seconds, 1)
        pace = min(Self.slowInterval, .seconds(between / 2))
        limit = max(5, 2 * Int((7 * 24 * 3600 / between).rounded(.up)))
    }

    /// When the next automatic order may start; `nil` for at once.
    public func nextOrderAt(_ orders: OrderLog, at now: Date) -> Date? {
        guard orders.count(at: now) >= limit, let last = orders.lastOrderAt else { return nil }
        let next = last + pace.seconds
        return next > now ? next : nil
    }
}
