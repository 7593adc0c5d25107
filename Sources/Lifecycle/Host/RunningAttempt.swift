import FoundationEssentials

/// An attempt under way.
struct RunningAttempt: Sendable {
    var plan: AttemptPlan
    var startedAt: Moment
    var isProbe: Bool
    /// Serial of the identity that it presents.
    var identity: String?
    /// When it turned to its broker, on the boottime clock.
    var beganAsking: Duration
    /// Brokers to which nothing could be sent.
    var passedOver: [BrokerAddress] = []
    var request: RenewRequest?
    var reloadWanted: Bool
    var stage: Stage?
    var stageStartedAt: Duration
    /// It hangs, and holds no place among the renewals.
    var isLeftBehind = false

    /// It has the bundle that it asked for; what comes now says nothing more of its broker.
    var hasBundle: Bool { stage == .checks || stage == .install }

    /// Whether a renewal like this is what `request` asks for.
    func fulfils(_ request: RenewRequest) -> Bool { !request.rotateKey || plan.rotatesKey }
}
