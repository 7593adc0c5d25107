import FoundationEssentials

/// From when to when a leaf of the lab is valid.
struct LabValidity: Equatable {
    var notBefore: Date
    var notAfter: Date

    /// `lifetime` counts from `now`, in whole seconds. Like real CAs the lab dates leaves back by a minute, but by
    /// no more than a sixtieth of a short lifetime: the share that is over at once would else make an agent renew
    /// at once.
    init(lifetime: Duration, now: Date) {
        let seconds = max(1, lifetime.components.seconds)
        let start = now.timeIntervalSince1970.rounded(.down)
        notBefore = Date(timeIntervalSince1970: start - Double(min(60, seconds / 60)))
        notAfter = Date(timeIntervalSince1970: start + Double(seconds) - 1)
    }

    /// The same length, ended an hour before `now`.
    init(endedBefore now: Date, lifetime: Duration) {
        self.init(lifetime: lifetime, now: now - 3600 - Double(max(1, lifetime.components.seconds)))
    }
}
