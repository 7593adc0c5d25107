public import FoundationEssentials

/// The orders of the last seven days, counted by the hour, so that its size has a bound whatever happens.
public struct OrderLog: Hashable, Sendable, Codable {
    /// Hours since 1970, ascending, each with its count.
    private var hours: [HourCount] = []
    public private(set) var lastOrderAt: Date?

    private struct HourCount: Hashable, Sendable, Codable {
        var hour: Int
        var count: Int
    }

    public init() {}

    var counts: [Int] { hours.map(\.count) }

    /// Notes an order, or what may have been one.
    public mutating func note(at now: Date) {
        let hour = Self.hour(of: now)
        hours.removeAll { $0.hour <= hour - 7 * 24 || $0.hour > hour }
        if let last = hours.indices.last, hours[last].hour == hour {
            hours[last].count += 1
        } else {
            hours.append(HourCount(hour: hour, count: 1))
        }
        lastOrderAt = now
    }

    /// How many were noted in the seven days before `now`, to the hour. What seems to lie ahead was noted by a clock
    /// that was wrong.
    public func count(at now: Date) -> Int {
        let newest = Self.hour(of: now)
        return hours.reduce(0) { (newest - 7 * 24 + 1...newest).contains($1.hour) ? $0 + $1.count : $0 }
    }

    /// Counts what another one has noted as well. What both have is counted once: one began as a copy of the other.
    mutating func formUnion(_ other: OrderLog) {
        let counts = Dictionary((hours + other.hours).map { ($0.hour, $0.count) }, uniquingKeysWith: max)
        hours = counts.sorted { $0.key < $1.key }.map { HourCount(hour: $0.key, count: $0.value) }
        lastOrderAt = [lastOrderAt, other.lastOrderAt].compactMap(\.self).max()
    }

    private static func hour(of date: Date) -> Int {
        Int(exactly: (date.timeIntervalSince1970 / 3600).rounded(.down)) ?? 0
    }
}
