import FoundationEssentials
import Lifecycle

/// What is remembered of one certificate to judge the agent by.
struct CertificateWatch {
    var orders = OrderWatch()
    /// Since when, in good time, it has been due.
    var dueSince: Duration?
    /// Good time of the host that was none for this certificate.
    var exempt: Duration = .zero
    var exemptFrom: Duration?
    /// Since when, in good time for reloads, its service has had other files than the disk.
    var unservedSince: Duration?
    /// Not before this by its own failures.
    var retryNotBefore: Duration?
    /// The agent stored that wait.
    var isRetryStored = false
    /// The wall clock was set since.
    var isRetrySkewed = false
    /// A start took it from the record, and may take it anew once somebody has told the time.
    var isRetryRestored = false
    /// Somebody asked for a renewal, and no attempt since has ended for good.
    var isAskedFor = false
    /// Asked during an attempt that can't be the answer.
    var isAskedAgain = false
    /// The end of the certificate that the agent knows of.
    var knownNotAfter: Duration?
    var knownSerial: Int?
    /// The agent has reason to know the lifetime.
    var hasBeenSeen = false
    var attemptsThisHour = 0
    var hour: Int64 = 0
}

/// One slot of a host: a certificate that may be configured, its files, and what the agent keeps for it.
struct CertificateSlot {
    var wanted: ManagedCertificate
    var isConfigured = true
    var namesVariant = 0
    var files = ServiceFiles()
    /// As stored in the state directory.
    var record: CertificateRecord?
    /// The last record that the agent wanted stored was stored.
    var isRecordCurrent = true
    /// That record, if it was not.
    var refused: CertificateRecord?
    var pendingKey: ServiceKey?
    var course: AttemptCourse?
    /// Requests to brokers that haven't ended.
    var openRequests = 0
    var isRebuilding = false
    /// The certificate that the service works with; its serial.
    var served: Int?
    var watch = CertificateWatch()

    init(_ wanted: ManagedCertificate) { self.wanted = wanted }

    var isReloaded: Bool { wanted.reload != nil }

    /// How long before its end a certificate of this slot is renewed, worked out here once more.
    func window(_ lifetime: Duration) -> Duration {
        switch wanted.renewBefore {
        case .standard:
            min(.seconds(30 * 86_400), lifetime > .seconds(10 * 86_400) ? lifetime / 3 : lifetime / 2)
        case .explicit(let duration): min(duration, lifetime * 2 / 3)
        }
    }

    /// Whether what is on disk is what is wanted.
    var isInOrder: Bool {
        guard let leaf = files.leaf else { return false }
        return files.key == leaf.key && leaf.names == wanted.dnsNames && leaf.key.type == wanted.keyType
            && files.found.lost.isEmpty
    }

    /// The shortest time between orders over the budget.
    func orderPace(_ lifetime: Duration) -> Duration {
        min(
            OrderWatch.pace(lifetime: lifetime, window: window(lifetime)),
            OrderWatch.pace(lifetime: lifetime, window: lifetime / 2))
    }

    /// From here on the agent may hold orders back: it counts what was cut off, or could not be stored, on the safe side.
    func orderBudget(_ lifetime: Duration) -> Int {
        -2
            + min(
                OrderWatch.limit(lifetime: lifetime, window: window(lifetime)),
                OrderWatch.limit(lifetime: lifetime, window: lifetime / 2))
    }

    /// The most orders in seven days that the agent may count with, whatever it knows of the lifetime.
    func orderLimit(_ lifetime: Duration) -> Int {
        max(
            OrderWatch.limit(lifetime: lifetime, window: window(lifetime)),
            OrderWatch.limit(lifetime: lifetime, window: lifetime / 2))
    }
}

/// An attempt under way.
struct AttemptCourse {
    enum Phase { case key, order, answer, install, closing }

    var plan: AttemptPlan
    var phase = Phase.key
    var key: ServiceKey?
    var answer: BrokerAnswer?
    let startedAt: Duration
    /// The number of the broker that it asks.
    let broker: Int
    /// When the request was sent; it is given up a minute later.
    var sentAt: Duration = .zero
    /// Counted as an order.
    var isCounted = false
    /// Began when nobody was found at any broker any more.
    var isProbe = false
}

/// What comes of one request to the broker.
enum BrokerAnswer {
    case bundle(Leaf, isCached: Bool)
    case failure(RenewalFailure, status: Int?)
}
