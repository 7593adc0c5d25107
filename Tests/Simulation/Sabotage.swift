/// Faults put into the agent on purpose, to see that the simulation finds them. Each sits where the state machine
/// meets the world, so the product knows nothing of them.
public struct Sabotage: OptionSet, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `renew_before` is not clamped to the lifetime: the machine takes every certificate for one of a hundred years.
    public static let unclampedWindow = Sabotage(rawValue: 1 << 0)
    /// A retry makes a new key instead of taking the pending one.
    public static let freshKeyOnRetry = Sabotage(rawValue: 1 << 1)
    /// The wait between tries is not in the stored records.
    public static let lostBackoff = Sabotage(rawValue: 1 << 2)
    /// A reload that failed passes for one that succeeded.
    public static let forgottenReload = Sabotage(rawValue: 1 << 3)
    /// `Retry-After` is not read.
    public static let ignoredRetryAfter = Sabotage(rawValue: 1 << 4)
    /// The order budget holds nothing.
    public static let ignoredBudget = Sabotage(rawValue: 1 << 5)
    /// Every host takes its moment of renewal from the same name.
    public static let herd = Sabotage(rawValue: 1 << 6)
    /// A broker out of reach is each certificate's own trouble.
    public static let probePerCertificate = Sabotage(rawValue: 1 << 7)
    /// A lost answer is not taken for a possible order.
    public static let unnoticedPossibleOrder = Sabotage(rawValue: 1 << 8)
    /// Requests that come during an attempt wait for its end instead of joining it.
    public static let queuedRequests = Sabotage(rawValue: 1 << 9)
    /// The engine sleeps on after its deadline.
    public static let oversleeping = Sabotage(rawValue: 1 << 10)
    /// Reloads and installs don't wait for each other.
    public static let openGate = Sabotage(rawValue: 1 << 11)
    /// The stored records don't tell that an attempt is under way.
    public static let unnotedAttempt = Sabotage(rawValue: 1 << 12)
    /// The engine waits by a clock that stands still while the host is suspended.
    public static let sleepyClock = Sabotage(rawValue: 1 << 13)
    /// Looks are believed for ever: nobody tells the machine what changed on disk.
    public static let staleLooks = Sabotage(rawValue: 1 << 14)
    /// The end of an attempt sometimes never reaches the engine.
    public static let lostOutcome = Sabotage(rawValue: 1 << 15)

    /// A lost answer passes for a broker that can't be reached: the next one is asked at once.
    public static let hastyFailover = Sabotage(rawValue: 1 << 16)
    /// A second broker is asked beside the first.
    public static let hedgedOrders = Sabotage(rawValue: 1 << 17)

    /// A broker says what the host's own clock says.
    public static let parrotedTime = Sabotage(rawValue: 1 << 18)
    /// Nobody ever hears what came of asking how late it is.
    public static let lostQuestion = Sabotage(rawValue: 1 << 19)

    /// Each fault by its name.
    public static let all: [(name: String, fault: Sabotage)] = [
        ("unclampedWindow", .unclampedWindow), ("freshKeyOnRetry", .freshKeyOnRetry),
        ("lostBackoff", .lostBackoff), ("forgottenReload", .forgottenReload),
        ("ignoredRetryAfter", .ignoredRetryAfter), ("ignoredBudget", .ignoredBudget), ("herd", .herd),
        ("probePerCertificate", .probePerCertificate), ("unnoticedPossibleOrder", .unnoticedPossibleOrder),
        ("queuedRequests", .queuedRequests), ("oversleeping", .oversleeping), ("openGate", .openGate),
        ("unnotedAttempt", .unnotedAttempt), ("sleepyClock", .sleepyClock), ("staleLooks", .staleLooks),
        ("lostOutcome", .lostOutcome), ("hastyFailover", .hastyFailover), ("hedgedOrders", .hedgedOrders),
        ("parrotedTime", .parrotedTime), ("lostQuestion", .lostQuestion),
    ]
}
