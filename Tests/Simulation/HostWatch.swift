import Lifecycle

/// What is remembered of a host to judge the agent by.
struct HostWatch {
    let host: Int
    var violation: Violation?
    /// The agent is awake and gets what it asks for.
    var good: GoodTime
    /// The agent is awake and reloads succeed.
    var goodForReloads: GoodTime
    var attempts = 0
    var brokers: [BrokerWatch]
    var probes = 0
    private var hour: Int64 = 0
    private var inputs = 0
    private var disturbances = 0
    /// Inputs since time last went on.
    private var inputsNow = 0
    private var lastTold: Duration = .zero

    init(_ plan: HostPlan) {
        host = plan.index
        brokers = plan.brokers.map { _ in BrokerWatch() }
        // The longest wait between two tries, and what comes on top of it.
        let longestWait = min(plan.settings.retryCap, plan.lifetime / 10)
        // An order that was lost at one broker isn't taken to another one at once.
        let elsewhere: Duration = plan.brokers.count > 1 ? plan.settings.sameBrokerSpan : .zero
        good = GoodTime(
            shortest: longestWait + plan.settings.possibleOrderDelay + .seconds(30) + elsewhere)
        goodForReloads = GoodTime(shortest: .zero)
    }

    /// Nobody was found at any of the brokers.
    var areAllAway: Bool { brokers.allSatisfy(\.isAway) }

    mutating func told(at now: Duration, certificates: Int) {
        inputsNow = now == lastTold ? inputsNow + 1 : 0
        lastTold = now
        if inputsNow > 1000 + 100 * certificates { loop("inputs without end at one moment", now) }
        let hour = now.components.seconds / 3600
        if hour != self.hour {
            self.hour = hour
            inputs = 0
            disturbances = 0
        }
        inputs += 1
        if inputs > 10_000 + certificates * 2000 + disturbances * certificates * 10 {
            loop("\(inputs) inputs in an hour", now)
        }
    }

    /// Something from outside that makes the agent look around.
    mutating func disturbed() { disturbances += 1 }

    private mutating func loop(_ detail: String, _ now: Duration) {
        violation =
            violation ?? Violation(rule: .loop, detail: detail, host: host, certificate: nil, at: now)
    }
}

/// What the agent knows of one broker.
struct BrokerWatch {
    /// No order before this: it asked for a pause.
    var pauseUntil: Duration?
    /// When it last did.
    var limitedAt: Duration?
    /// Since an attempt found nobody there; until anybody is heard.
    var isAway = false
    /// The last that was heard of it was an answer, and no wish for a pause.
    var isHeard = false

    /// What was asked before a pause doesn't end it.
    mutating func hear(askedAt: Duration) {
        isAway = false
        isHeard = askedAt >= pauseUntil ?? .zero && askedAt >= limitedAt ?? .zero
    }

    mutating func miss() {
        isAway = true
        isHeard = false
    }
}

/// What came of one host.
struct HostReport {
    var inputs = 0
    var actions = 0
    var nextAudit = 0
    var attempts = 0
    var installs = 0
    var orders = 0
    var possibleOrders = 0
    var reloads = 0
    var failedReloads = 0
    var starts = 0
    var expired = 0
    var audits = 0
    var questions = 0
    var simulated: Duration = .zero
    var violation: Violation?
    var trace: [String] = []
    /// When each certificate was first renewed for its age.
    var firstRenewals: [Int: Duration] = [:]
}
