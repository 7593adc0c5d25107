/// Decides which of many identical failures are worth a line: the first, and then one an interval with the
/// number of those in between. Pure: the caller brings the time.
public struct RepeatFilter: Sendable {
    public enum Verdict: Sendable, Equatable {
        /// New, or different from the last one: log it.
        case log
        /// The same again after the interval: log it with how many were left out.
        case summarise(repeats: Int)
        /// The same again: leave it out.
        case leaveOut
    }

    private struct Entry {
        var failure: String
        var loggedAt: Duration
        var repeats: Int
    }

    private let interval: Duration
    private var entries: [String: Entry] = [:]

    public init(interval: Duration = .seconds(3600)) { self.interval = interval }

    /// `subject` is what fails (a certificate's name), `failure` in which way; `now` counts from any fixed
    /// point.
    public mutating func judge(_ failure: String, of subject: String, at now: Duration) -> Verdict {
        guard var entry = entries[subject], entry.failure == failure else {
            entries[subject] = Entry(failure: failure, loggedAt: now, repeats: 0)
            return .log
        }
        guard now - entry.loggedAt >= interval else {
            entry.repeats += 1
            entries[subject] = entry
            return .leaveOut
        }
        entries[subject] = Entry(failure: failure, loggedAt: now, repeats: 0)
        return .summarise(repeats: entry.repeats)
    }

    /// The subject works again, or is gone: its next failure is news.
    public mutating func forget(_ subject: String) { entries[subject] = nil }
}
