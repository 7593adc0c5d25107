import Agent
import Log
import POSIX

/// Tells systemd how the run is, on the main thread. Says nothing where nobody asked to be told.
struct ServiceReporter {
    private let notifier: ServiceNotifier
    private let engine: RenewalEngine
    private let loops: [Heartbeat]
    private let apiTrouble: Trouble
    private let log: Logger
    private var report: ServiceReport
    private var hasFailed = false

    /// - Parameter api: the API's loop, if there is one.
    init(
        _ notifier: ServiceNotifier, engine: RenewalEngine, api: Heartbeat?, apiTrouble: Trouble, log: Logger
    ) {
        self.notifier = notifier
        self.engine = engine
        loops = [engine.heartbeat] + (api.map { [$0] } ?? [])
        self.apiTrouble = apiTrouble
        self.log = log
        report = ServiceReport(watchdogInterval: notifier.watchdogInterval)
    }

    /// What has to be told now is told.
    ///
    /// - Returns: when to come back, though nothing happened; nil if nobody listens.
    mutating func tell() -> Duration? {
        guard notifier.isListenedTo else { return nil }
        let now = Clock.boottime()
        let facts = ServiceReport.Facts(
            snapshot: engine.status.current(), beats: loops.map(\.beats), apiTrouble: apiTrouble.current)
        for message in report.messages(facts, at: now) {
            send { (notifier) throws(SystemError) in
                switch message {
                case .ready: try notifier.ready()
                case .extendTimeout(let duration): try notifier.extendTimeout(duration)
                case .status(let words): try notifier.status(words)
                case .watchdog: try notifier.watchdog()
                }
            }
        }
        return report.nextLookAt(now)
    }

    /// The run is on its way out.
    mutating func tellStopping() {
        send { (notifier) throws(SystemError) in
            try notifier.stopping()
            try notifier.status("Stopping: work under way gets a moment to finish")
        }
    }

    /// A message that can't be sent is told once: the next ones will fail in the same way.
    private mutating func send(_ body: (ServiceNotifier) throws(SystemError) -> Void) {
        do throws(SystemError) { try body(notifier) } catch {
            if !hasFailed { log.warn("systemd can't be told the state", ["error": .string("\(error)")]) }
            hasFailed = true
        }
    }
}

/// Asks systemd for more time while a start gets on: after each step, though seldom.
final class StartExtension {
    private static let interval: Duration = .seconds(5)

    private let notifier: ServiceNotifier
    private var askedAt: Duration?

    init(_ notifier: ServiceNotifier) { self.notifier = notifier }

    func advanced() {
        let now = Clock.boottime()
        guard askedAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        askedAt = now
        // Nobody to tell: the start then has the time that the unit gives it.
        try? notifier.extendTimeout(ServiceReport.startExtension)
    }
}

/// What hinders a part of the agent at present, told across threads.
final class Trouble: Sendable {
    private let words = Lock<String?>(nil)
    private let news: Bell

    /// `news` rings at each change.
    init(news: Bell) { self.news = news }

    var current: String? { words.withLock { $0 } }

    func set(_ new: String?) {
        let isNews = words.withLock { words in
            defer { words = new }
            return words != new
        }
        if isNews { news.ring() }
    }
}
