import FoundationEssentials
import POSIX
import Transfer

/// The time by which the hands judge what is valid: the wall clock's, or, while that is known to be wrong, the one that
/// the engine has found out.
final class JudgedClock: Sendable {
    /// What the time was at boottime zero.
    private let start = Lock<Date?>(nil)

    func count(from start: Date?) { self.start.withLock { $0 = start } }

    var now: Date { start.withLock { $0 }.map { $0 + Clock.boottime().inSeconds } ?? .now }

    /// For the certificates of servers.
    var verification: VerificationTime {
        start.withLock { $0 } == nil ? .system : .at(secondsSince1970: Int64(now.timeIntervalSince1970))
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
