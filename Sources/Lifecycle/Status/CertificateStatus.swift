public import FoundationEssentials

/// Everything that status and metrics tell about one certificate. No key material, no command, no command's output.
public struct CertificateStatus: Hashable, Sendable {
    public var wanted: ManagedCertificate
    public var state: CertificateState
    /// Why it is due, when it is.
    public var reason: RenewalReason?
    /// What makes it due, in words, when it is: the beginning of `why`.
    public var cause: String?
    /// The state in one sentence: why due or not, what it waits for, what comes next.
    public var why: String
    /// What a person should do, when somebody should.
    public var advice: String?

    /// Its files have been looked at.
    public var isKnown = true
    /// The directory of its files hangs, and has been seen to since then.
    public var unansweredSince: Date?
    /// The certificate on disk, if one can be read.
    public var installed: InstalledCertificate?
    /// The window in force, if a certificate is installed.
    public var window: RenewalWindow?
    /// When it is (or was) due by its age.
    public var nextRenewalAt: Date?
    public var nextCheckAt: Date?
    public var nextAttemptAt: Date?

    /// Whether at least one attempt ended since the state was first kept.
    public var hasBeenAttempted = false
    public var lastAttemptAt: Date?
    public var lastSuccessAt: Date?
    public var lastError: RecordedError?
    public var consecutiveFailures = 0
    public var ordersLast7Days = 0
    public var orderBudget = 0
    /// When the budget allows another order, while it is spent.
    public var nextOrderAt: Date?
    /// The renewal that is queued or running.
    public var currentRenewal: RenewalID?
    /// Whether it runs and ends with another key: a request for one has nothing more to wish then.
    public var currentRotatesKey = false
    public var currentStage: Stage?

    public var reload = ReloadStatus()
    /// `nil` unless what is served is looked at.
    public var served: ServedStatus?
    public var renewals = ResultCounts()
    public var reloads = ResultCounts()
    /// What happened since the start, the newest of it, oldest first.
    public var history: [HistoryEntry] = []

    public init(wanted: ManagedCertificate, state: CertificateState, why: String) {
        self.wanted = wanted
        self.state = state
        self.why = why
    }

    /// What a person should do about files whose directory hangs.
    public static let adviceOnUnanswered =
        "See that their file system answers: its server can be reached, nothing keeps it frozen, its store has room; "
        + "else unmount it with `umount -f -l`."

    public var name: CertificateName { wanted.name }
    /// Whether the certificate on disk is known to be what is served; `nil` unless that is looked at.
    public var servedMatches: Bool? { served.map { $0.state == .matches } }
}

/// The one current state of a certificate, the worst first that is true.
public enum CertificateState: String, Hashable, Sendable, CaseIterable {
    /// Not looked at yet, or the directory of its files hangs.
    case unknown
    case renewing
    case expired
    /// There is no certificate with its key to serve from.
    case missing
    /// Due, and the last attempt failed.
    case failing
    /// Due, and something has to pass first: the identity, the broker, a free place.
    case waiting
    /// Due, about to be renewed.
    case expiring
    /// In order on disk, but the service hasn't taken it yet.
    case reloadPending = "reload_pending"
    case valid
}

/// How the reload of one certificate's service stands.
public struct ReloadStatus: Hashable, Sendable {
    public var isConfigured = false
    public var isRunning = false
    public var pendingSince: Date?
    /// Pending longer than this counts against readiness.
    public var graceEndsAt: Date?
    public var failedAttempts = 0
    /// `nil` also while it waits for a certificate and its key that can be served.
    public var nextAttemptAt: Date?
    public var lastError: RecordedError?

    public init() {}
}
