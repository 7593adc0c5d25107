import FoundationEssentials

/// The state machine of the whole host: inputs in, actions out, without I/O and without a clock of its own. The same
/// inputs at the same moments from the same seed give the same actions.
///
/// A driver carries out the actions in their order, tells their outcomes as further inputs, and calls with `.tick` when
/// `nextDeadline` has come.
public struct HostState: Sendable {
    /// When the machine wants to be told of the time at the latest, on the boottime clock; as of the last input.
    public private(set) var nextDeadline: Duration?

    var settings = LifecycleSettings(identityName: "", brokers: [])
    var isStopping = false
    var isConfigured = false

    /// Sorted by name; what follows refers to them by index.
    var certificates: [CertificateLifecycle] = []
    var indexes: [CertificateName: Int] = [:]
    /// Some of them are in the configuration no more.
    var hasDeparting = false
    /// Records of certificates that aren't configured, for when they are.
    var records: [CertificateName: CertificateRecord]
    /// When the first of them has been kept for long enough.
    var forgetsAt: Date?
    var schedule = Schedule(count: 0)
    /// Certificates that may start a renewal, the most urgent first.
    var queue = UrgencyQueue(count: 0)
    /// Certificates that may start a reload.
    var reloadQueue: Set<Int> = []
    /// Those that hang aside.
    var runningAttempts = 0
    var hangingRenewals = 0
    /// Those that hang aside, too.
    var runningRebuilds = 0
    var hangingRebuilds = 0
    /// Rebuilds for which there is no place yet, the oldest first.
    var waitingRebuilds: ArraySlice<Action> = []
    /// Files that are being changed for a wish that is in force no more, and by whom.
    var occupied: [String: CertificateName] = [:]
    /// Commands of reloads under way.
    var runningCommands: Set<String> = []
    /// How many certificates that share a reload command are queued or being renewed.
    var renewingByCommand: [String: Int] = [:]

    var brokers = BrokerCourses()
    var identity = IdentityLifecycle()
    var ledger: RenewalLedger
    var random: SplitMix
    var brokerRequests: [String: [String: Int]] = [:]
    var counters = HostCounters()
    var clock = ClockWatch()
    /// By which time the driver judges.
    var toldCountsFrom: Date?
    /// What the records said of waits was read by a clock that nobody has confirmed yet.
    var isStartUnsettled = false
    /// Another time counts since this input, or another may be doubted.
    var isTimeNew = false
    /// The time that counts minus boottime, as of the last input.
    var clockOffset: Double?
    /// Certificates that are due by their age alone.
    var agedCount = 0

    var actions: [Action] = []
    var looksDue: [CertificateName] = []
    var statuses = CertificateList()
    var dirty: [Int] = []
    var allDirty = false

    /// `records` is what survived from before the start. Jitter follows from `seed`.
    public init(seed: UInt64, records: [CertificateName: CertificateRecord] = [:]) {
        random = SplitMix(seed: seed)
        ledger = RenewalLedger(seed: random.next())
        self.records = records
    }

    /// Whether each certificate has been looked at at least once, or can't be.
    public var hasLookedAtAll: Bool {
        isConfigured && certificates.allSatisfy { $0.hasBeenLooked || $0.unansweredSince != nil }
    }

    /// From now on nothing new is begun; what runs may end.
    public mutating func stop() { isStopping = true }

    /// Tells what happened; returns what is to be done about it, in order.
    ///
    /// `raw` is the moment as the host's clocks show it.
    public mutating func handle(_ input: Input, at raw: Moment) -> [Action] {
        var now = judgedMoment(raw)
        noticeClockStep(at: now)
        take(input, at: now)
        if isTimeNew {
            isTimeNew = false
            now = clock.judge(raw)
            restoreWaitsOfUnsettledStart(at: now)
            noticeClockStep(at: now)
            evaluateAll(at: now)
        }
        superviseClock(at: now)
        evaluateDue(at: now)
        forgetRecords(at: now)
        if isConfigured { superviseIdentity(at: now) }
        if !isStopping {
            // The next step or the end of the attempt says what the answer means for its broker; it follows at once.
            if !input.isExchange { startAttempts(at: now) }
            startReloads(at: now)
            startRebuilds(at: now)
        }
        noteHistory(of: input, at: now)
        if !looksDue.isEmpty {
            actions.append(.look(looksDue))
            looksDue = []
        }
        nextDeadline = earliestDeadline(at: now)
        defer { actions = [] }
        return actions
    }

    private func earliestDeadline(at now: Moment) -> Duration? {
        guard isConfigured else { return nil }
        var next = Earliest(after: now)
        if let deadline = schedule.next { next.consider(deadline) }
        if let forgetsAt { next.consider(forgetsAt) }
        if let deadline = identity.nextDeadline(at: now) { next.consider(deadline) }
        if !queue.isEmpty, let deadline = brokers.deadline { next.consider(deadline) }
        if let deadline = clock.askAt { next.consider(deadline) }
        return next.deadline
    }

    private mutating func take(_ input: Input, at now: Moment) {
        switch input {
        case .tick: break
        case .configured(let wanted, let settings): configure(wanted, settings, at: now)
        case .looked(let name, let found): looked(name, found, at: now)
        case .lookUnanswered(let name): lookUnanswered(name, at: now)
        case .recovered(let name, let found): recovered(name, found, at: now)
        case .rebuilt(let name, let failure): rebuilt(name, failure, at: now)
        case .requested(let name, let id, let request): requested(name, id, request, at: now)
        case .reloadRequested(let name, let id): reloadRequested(name, id, at: now)
        case .attemptStep(let name, let stage): attemptStep(name, stage, at: now)
        case .attemptEnded(let name, let outcome): attemptEnded(name, outcome, at: now)
        case .reloadEnded(let names, let outcome): reloadEnded(names, outcome, at: now)
        case .served(let name, let sha256, let observation): served(name, sha256, observation, at: now)
        case .recordsStored: recordsStored(at: now)
        case .identityLooked(let found): identityLooked(found, at: now)
        case .identityRenewalEnded(let outcome): identityRenewalEnded(outcome, at: now)
        case .identityRestored(let outcome): identityRestored(outcome, at: now)
        case .brokerExchanged(let exchange): brokerExchanged(exchange, at: now)
        case .timeAsked(let answer): timeAsked(answer, at: now)
        }
    }
}
