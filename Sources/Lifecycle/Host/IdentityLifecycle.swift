import FoundationEssentials

/// The state of the machine's identity: what was found, and how its renewal goes.
struct IdentityLifecycle: Sendable {
    private(set) var found: FoundIdentity?
    private(set) var window: RenewalWindow?
    /// When it is due by its age.
    private(set) var dueAt: Date?

    var isLooking = false
    var nextLookAt: Duration = .zero
    var isRenewing = false
    var isRestoring = false
    /// The brokers that refused this identity certificate in their handshake, with nothing else heard since.
    var refusedBy: Set<BrokerAddress> = []
    var retryAt: Duration?
    var failures = 0
    var lastError: RecordedError?
    var lastSuccessAt: Date?
    var renewals = ResultCounts()
    /// The state that was last reported.
    var reported = IdentityState.unknown
    private var warnedSerial: String?

    var facts: IdentityFacts? { found?.facts }

    /// What it replaced, and may be put back.
    var previous: IdentityFacts? { found?.previous }

    /// What is wrong with its files, in words.
    var problem: String? {
        if case .unusable(let problem)? = found?.pair { problem } else { nil }
    }

    func state(at now: Date) -> IdentityState {
        guard let found else { return .unknown }
        switch found.pair {
        case .missing: return .notEnrolled
        case .unusable: return .unusable
        case .present(let facts):
            if now >= facts.notAfter { return .expired }
            if let dueAt, now >= dueAt { return .expiring }
            return .valid
        }
    }

    func isDueByAge(at now: Date) -> Bool {
        let state = state(at: now)
        return state == .expiring || state == .expired
    }

    func life(at now: Date) -> Life {
        guard let facts else { return Life() }
        return Life(whole: facts.lifetime, left: .seconds(facts.notAfter.timeIntervalSince(now)))
    }

    /// Returns whether it is another identity certificate than before.
    mutating func take(_ found: FoundIdentity, settings: LifecycleSettings) -> Bool {
        let isNew = facts?.serial != found.serial
        let hasNewToken = found.hasBootstrapToken && self.found?.hasBootstrapToken != true
        self.found = found
        if isNew {
            refusedBy = []
            failures = 0
            lastError = nil
        }
        if isNew || hasNewToken { retryAt = nil }
        apply(settings)
        return isNew
    }

    /// A broker let it in.
    mutating func wasAccepted() -> Bool {
        refusedBy = []
        guard found?.previous != nil else { return false }
        found?.previous = nil
        return true
    }

    mutating func apply(_ settings: LifecycleSettings) {
        guard let facts else {
            window = nil
            dueAt = nil
            return
        }
        let window = RenewalWindow(
            lifetime: facts.lifetime, renewBefore: settings.identityRenewBefore,
            standard: RenewalWindow.identityStandard)
        self.window = window
        dueAt = facts.notAfter - window.effective.seconds
    }

    /// What is to be done for the identity now, if anything: `.renewIdentity` or `.enroll`.
    func nextStep(at now: Moment) -> Action? {
        guard let found, !isRenewing, !isRestoring, (retryAt ?? .zero) <= now.boottime else { return nil }
        switch state(at: now.wall) {
        case .unknown, .valid: return nil
        case .expiring: return .renewIdentity
        case .expired: return found.hasBootstrapToken ? .enroll : .renewIdentity
        case .notEnrolled, .unusable: return found.hasBootstrapToken ? .enroll : nil
        }
    }

    /// Once for each identity certificate: its end is near and a renewal has failed.
    mutating func warnsOfExpiration(at now: Date, warnBefore: Duration) -> Date? {
        guard let facts, let window, failures > 0, warnedSerial != facts.serial else { return nil }
        let left: Duration = .seconds(facts.notAfter.timeIntervalSince(now))
        guard left <= min(warnBefore, window.effective) else { return nil }
        warnedSerial = facts.serial
        return facts.notAfter
    }

    func nextDeadline(at now: Moment) -> Duration? {
        var next = Earliest(after: now)
        if !isLooking { next.consider(nextLookAt) }
        if let dueAt { next.consider(dueAt) }
        if let facts { next.consider(facts.notAfter) }
        if !isRenewing, let retryAt { next.consider(retryAt) }
        return next.deadline
    }
}

extension FoundIdentity {
    fileprivate var serial: String? {
        if case .present(let facts) = pair { facts.serial } else { nil }
    }
}
