/// A rule that the agent broke.
public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Rule: String, Hashable, Sendable {
        /// A certificate expired although there was enough good time to renew it.
        case expiredInGoodTime = "expired in good time"
        /// A certificate that is missing or wrong was not put in order although there was enough good time.
        case neverHealed = "never healed"
        case overBudget = "over budget"
        case possibleOrderNotAwaited = "possible order not awaited"
        case newKeyForSameOrder = "new key for the same order"
        case retryTooEarly = "retry too early"
        case pauseBroken = "pause broken"
        case manyProbes = "many probes"
        case otherBrokerTooSoon = "another broker too soon"
        case preferredForgotten = "preferred broker forgotten"
        case unknownBroker = "unknown broker"
        case twoRequests = "two requests at once"
        case twoAttempts = "two attempts at once"
        case tooManyAttempts = "too many attempts"
        case renewedTooSoon = "renewed too soon"
        case uncalledRenewal = "renewal that nobody asked for"
        case twoReloads = "one command twice at once"
        case reloadInOpenSection = "reload in an open section"
        case reloadForgotten = "reload forgotten"
        case deadlineMissed = "deadline missed"
        case loop
        case snapshotWrong = "snapshot wrong"
        case herd
    }

    public var rule: Rule
    public var detail: String
    public var host: Int
    public var certificate: String?
    /// On the simulated boottime clock.
    public var at: Duration

    public var description: String {
        "host \(host), \(at.components.seconds) s: \(rule.rawValue)"
            + (certificate.map { " (\($0))" } ?? "") + ": \(detail)"
    }
}
