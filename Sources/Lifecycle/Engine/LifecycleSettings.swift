/// The host-wide settings and timings of the state machine. The defaults are those of production; a trial with
/// certificates that live for minutes shortens them.
public struct LifecycleSettings: Hashable, Sendable {
    /// The configured identity, for the status and for this host's shift of the renewal moment.
    public var identityName: String
    /// The preferred one first.
    public var brokers: [BrokerAddress]
    public var identityRenewBefore: RenewBefore = .standard
    public var identityWarnBefore: Duration = .seconds(24 * 3600)
    /// Where identities come from. When it changes, a renewal that waits because it failed there is tried at once.
    public var identitySource = ""
    /// The longest between two looks at the identity's files.
    public var identityCheckInterval: Duration = .seconds(10)

    /// The longest between two looks at the files of one certificate.
    public var checkInterval: Duration = .seconds(600)
    /// What a renewal does with the files of its certificate, and takes longer, hangs: it is some dozen calls, and a wait for
    /// a service to read its files.
    public var installPatience: Duration = .seconds(60)
    /// The same of a rebuild.
    public var rebuildPatience: Duration = .seconds(600)
    /// How many certificates are renewed at the same time.
    public var concurrency = 8
    /// How many reload commands run at the same time, besides the renewals.
    public var reloadConcurrency = 4

    /// Between tries of one certificate, growing from the first to the second.
    public var retryBase: Duration = .seconds(30)
    public var retryCap: Duration = .seconds(3600)
    /// The least wait after a request whose answer was lost: the broker may still be finishing the order.
    public var possibleOrderDelay: Duration = .seconds(90)
    /// How long an order whose answer was lost is asked for again at the same broker only: it may have it.
    public var sameBrokerSpan: Duration = .seconds(600)
    /// The latest beginning of an order's request, counted from that of its attempt: the time to make a key.
    public var latestRequest: Duration = .seconds(60)
    /// The latest end of it: `broker.timeout` later.
    public var orderDeadline: Duration = .seconds(90)
    /// Between probes of a broker that can't be reached, growing from the first to the second.
    public var probeBase: Duration = .seconds(30)
    public var probeCap: Duration = .seconds(300)
    /// How long a 429 without `Retry-After` pauses the orders, doubling from the first to the second.
    public var rateLimitPause: Duration = .seconds(120)
    public var rateLimitPauseCap: Duration = .seconds(900)

    /// Waits before each retry of a failed reload; the last one repeats.
    public var reloadRetries: [Duration] = [
        .seconds(30), .seconds(120), .seconds(600), .seconds(3600), .seconds(6 * 3600),
    ]
    /// Between tries of a reload that is held because a set is mixed; nothing is run by them.
    public var reloadHoldPause: Duration = .seconds(30)
    /// How long an installed certificate waits for others that share its reload command.
    public var reloadGathering: Duration = .seconds(10)
    /// How long a reload may be pending before the host counts as not ready.
    public var reloadGrace: Duration = .seconds(60)

    /// How long the record of a certificate is kept after it was taken out of the configuration.
    public var recordRetention: Duration = .seconds(30 * 86_400)
    /// Ask a broker how late it is before anything is ordered for its age alone, once after a start: a clock that runs ahead
    /// would order everything.
    public var asksTimeAtStart = true

    /// Hold automatic orders over the budget of seven days.
    public var enforcesOrderBudget = true

    public init(identityName: String, brokers: [BrokerAddress]) {
        self.identityName = identityName
        self.brokers = brokers
    }
}
