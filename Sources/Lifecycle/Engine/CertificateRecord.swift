public import FoundationEssentials

/// What must survive a restart, for one certificate. Everything else is read from the disk again.
public struct CertificateRecord: Hashable, Sendable, Codable {
    public static let currentVersion = 1

    public var version = Self.currentVersion
    public var consecutiveFailures = 0
    /// How far the waits have grown: failures of the host's connection don't count.
    public var backoffStep = 0
    public var lastError: RecordedError?
    public var lastAttemptAt: Date?
    public var lastSuccessAt: Date?
    /// No automatic try before this.
    public var nextAttemptAt: Date?
    /// No try at all before this: an order may still be under way at the broker.
    public var possibleOrderUntil: Date?
    /// An attempt began then. One that is still noted at a start was cut off, and may have placed an order.
    public var attemptUnderWaySince: Date?
    /// The broker that this attempt asks.
    public var attemptUnderWayAt: BrokerAddress?
    /// What the newest attempt set out from, while its install may yet be finished by a recovery.
    public var attemptOrigin: AttemptOrigin?
    /// The newest order that was sent and whose answer was lost.
    public var unansweredOrder: UnansweredOrder?
    /// What its broker answered last was to come back later.
    public var pause: BrokerPause?
    public var orders = OrderLog()
    /// Of the last certificate seen, for the order budget while it is missing.
    public var lifetime: Duration?
    /// A wish for a renewal that hasn't been fulfilled yet.
    public var request: RenewRequest?
    /// What the certificate was called when it was last ordered, if otherwise than now, the newest name first: its pending
    /// key may still be kept under one of these.
    public var formerNames: [CertificateName]?
    /// A bundle with this serial failed the checks; the second time retires the pending key.
    public var refusedSerial: String?
    public var retiresPendingKey = false
    /// The certificate that the service last read with success. Another one on disk is a reload that is owed.
    public var reloadedSerial: String?
    public var reload: ReloadDebt?
    /// A reload was owed since then when its command was taken out of the configuration; another command owes it again.
    public var dormantReloadSince: Date?
    /// Hash of the certificate file's path: tells whose files these were when they are another certificate's.
    public var place: Int?
    /// Since when it has been in no configuration. It is kept for a while: its budget and its waits count again when
    /// it comes back.
    public var unmanagedSince: Date?

    public init() {}

    /// Whether its numbers can be an agent's: with others a mere addition would end the process, at each start anew.
    public var isPlausible: Bool {
        let dates = [
            lastError?.at, lastAttemptAt, lastSuccessAt, nextAttemptAt, possibleOrderUntil,
            attemptUnderWaySince, unansweredOrder?.since, pause?.since, pause?.until, orders.lastOrderAt,
            reload?.since, dormantReloadSince, reload?.nextAttemptAt, reload?.lastError?.at,
            reload?.runBegunAt, unmanagedSince,
        ]
        let spans = [lifetime, lastError?.failure.retryAfter, reload?.lastError?.failure.retryAfter]
        let counts =
            [consecutiveFailures, backoffStep, reload?.attempts ?? 0, reload?.cutOffRuns ?? 0] + orders.counts
        let longest = Duration.seconds(1_000_000_000_000)
        return dates.allSatisfy { abs($0?.timeIntervalSince1970 ?? 0) < longest.seconds }
            && spans.allSatisfy { (.zero - longest...longest).contains($0 ?? .zero) }
            && counts.allSatisfy { (0..<1 << 32).contains($0) }
    }
}

/// What an attempt set out to replace: a whole set with another certificate that turns up later is the attempt's own.
public struct AttemptOrigin: Hashable, Sendable, Codable {
    /// Nil if there was none.
    public var serial: String?

    public init(serial: String?) { self.serial = serial }
}

/// Where an order lies that may have been granted unheard.
public struct UnansweredOrder: Hashable, Sendable, Codable {
    public var broker: BrokerAddress
    /// When it was first sent there.
    public var since: Date

    public init(broker: BrokerAddress, since: Date) {
        self.broker = broker
        self.since = since
    }
}

/// A broker asked for a pause of all orders.
public struct BrokerPause: Hashable, Sendable, Codable {
    public var broker: BrokerAddress
    public var since: Date
    public var until: Date

    public init(broker: BrokerAddress, since: Date, until: Date) {
        self.broker = broker
        self.since = since
        self.until = until
    }
}

/// A failure and when it happened. Most certificates have none: it takes no more room than a reference.
public struct RecordedError: Hashable, Sendable, Codable {
    private struct Facts: Hashable, Sendable, Codable {
        var failure: RenewalFailure
        var at: Date
    }

    private var facts: Shared<Facts>

    public init(failure: RenewalFailure, at: Date) { facts = Shared(Facts(failure: failure, at: at)) }

    public init(from decoder: any Decoder) throws { facts = Shared(try Facts(from: decoder)) }

    public func encode(to encoder: any Encoder) throws { try facts.value.encode(to: encoder) }

    public var failure: RenewalFailure {
        get { facts.value.failure }
        set { facts.value.failure = newValue }
    }
    public var at: Date {
        get { facts.value.at }
        set { facts.value.at = newValue }
    }
}

/// A service still has to be told about its new files.
public struct ReloadDebt: Hashable, Sendable, Codable {
    public var since: Date
    /// Runs that failed so far.
    public var attempts = 0
    public var nextAttemptAt: Date
    public var lastError: RecordedError?
    /// A run began then, noted with the first of those that it is for. One that is still noted at a start was cut off.
    public var runBegunAt: Date?
    /// How many runs in a row were cut off, by a command that ended the agent perhaps; nil for none.
    public var cutOffRuns: Int?
    /// Hash of the command that was run last without success.
    public var failedCommand: Int?

    public init(since: Date) {
        self.since = since
        nextAttemptAt = since
    }
}
