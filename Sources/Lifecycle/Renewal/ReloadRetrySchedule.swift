/// When a failed reload is tried again: soon at first, then rarely, but never not at all.
public struct ReloadRetrySchedule: Hashable, Sendable {
    public var waits: [Duration]

    public init(waits: [Duration]) { self.waits = waits }

    /// The wait after so many failed runs (from 1); the last entry repeats.
    public func delay(afterFailures failures: Int) -> Duration {
        guard let last = waits.last else { return .seconds(30) }
        return failures <= waits.count ? waits[max(failures, 1) - 1] : last
    }
}
