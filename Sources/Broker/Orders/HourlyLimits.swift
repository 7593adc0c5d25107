/// How many calls an identity, and an identity with one profile, may make within any hour.
///
/// Calls are counted before the cache is asked, so hits count; refused calls do not.
public struct HourlyLimits: Equatable, Sendable {
    /// Calls in an hour for one identity; nil is no limit.
    public var perIdentity: Int?
    /// Calls in an hour for one identity and one profile; nil is no limit.
    public var perProfile: Int?

    private struct Caller: Hashable {
        var identity: String
        var profile: String?
    }

    private var calls: [Caller: [Duration]] = [:]

    /// The limits that a broker has when nothing else is said: 50 and 20.
    public static let standard = HourlyLimits(perIdentity: 50, perProfile: 20)
    /// No limits.
    public static let off = HourlyLimits(perIdentity: nil, perProfile: nil)

    public init(perIdentity: Int?, perProfile: Int?) {
        self.perIdentity = perIdentity
        self.perProfile = perProfile
    }

    /// Counts a call at `now` (any steady clock) and returns nil, or returns how long the caller has to wait.
    public mutating func admit(identity: String, profile: String, at now: Duration) -> Duration? {
        let callers = [
            (Caller(identity: identity, profile: nil), perIdentity),
            (Caller(identity: identity, profile: profile), perProfile),
        ]
        var wait: Duration?
        for (caller, limit) in callers {
            guard let limit else { continue }
            calls[caller, default: []].removeAll { now - $0 >= .seconds(3600) }
            let recent = calls[caller, default: []]
            guard recent.count >= limit else { continue }
            // The call that has to leave the hour before another one fits; with a limit of 0 none ever does.
            let oldest = limit > 0 ? recent[recent.count - limit] : now
            wait = max(wait ?? .zero, oldest + .seconds(3600) - now)
        }
        if let wait { return wait }
        for (caller, limit) in callers where limit != nil { calls[caller, default: []].append(now) }
        return nil
    }
}
