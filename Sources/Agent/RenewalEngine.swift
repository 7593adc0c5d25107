import FoundationEssentials
import Lifecycle
import Log
public import POSIX

/// The engine's thread: it owns the host's state machine, carries out what the machine wants done, and feeds it what
/// became of it. Nothing here decides anything.
public final class RenewalEngine: Sendable {
    /// How long work that is under way may go on after `stop`, before it is cut off.
    struct StopGrace: Sendable {
        /// A lost answer is asked for again with the same key, so waiting long gains little.
        var exchanges: Duration = .seconds(2)
        /// A service in the middle of a reload should get the time to finish.
        var children: Duration = .seconds(3)
        /// Longer than a child takes to be ended. What is under way still, be it an install, hangs in a system call: the
        /// next start finishes or undoes it.
        var everything: Duration = .seconds(12)
    }

    public let status: PublishedStatus
    public let commands: CommandInbox
    public let heartbeat = Heartbeat()
    /// Rings whenever a new snapshot is there.
    public let news: Bell

    private let mail: EngineMail
    private let hands: any EngineHands
    private let logger: Logger
    private let facts: AgentFacts
    private let grace: StopGrace
    private let longestSleep: Duration

    /// - Parameter certificates: are known to whoever asks before `run` has begun, as not looked at yet.
    /// - Parameter longestSleep: the loop comes round at least this often, so that a standstill can be told from
    ///   idleness.
    init(
        facts: AgentFacts, certificates: [ManagedCertificate], settings: LifecycleSettings,
        hands: any EngineHands, logger: Logger,
        grace: StopGrace = StopGrace(), longestSleep: Duration = .seconds(10)
    ) throws(SystemError) {
        mail = EngineMail(bell: try Bell())
        news = try Bell()
        self.hands = hands
        self.facts = facts
        self.grace = grace
        self.longestSleep = longestSleep
        self.logger = logger
        var beforeRun = HostState(seed: 0)
        _ = beforeRun.handle(.configured(certificates, settings), at: .now())
        status = PublishedStatus(beforeRun.snapshot(agent: facts, at: .now()))
        commands = CommandInbox(board: status, bell: mail.bell, run: RunIdentifier.make(facts))
    }

    /// Asks the loop to end: no new work, bounded grace for what runs. From any thread.
    public func stop() {
        commands.close()
        mail.stop()
    }

    /// Runs until `stop`, on the calling thread.
    ///
    /// - Parameter records: what was remembered from the last run.
    /// - Parameter once: end by itself when everything that is due has been tried.
    func run(
        _ certificates: [ManagedCertificate], settings: LifecycleSettings,
        records: consuming [CertificateName: CertificateRecord], once: Bool = false
    ) throws(SystemError) {
        var loop = EngineLoop(
            state: HostState(seed: UInt64.random(in: 0...UInt64.max), records: records),
            crew: EngineCrew(hands: hands, mail: mail, settings: settings, stop: try StopSignal()),
            log: EventLog(logger, inOnePass: once), facts: facts, certificates: certificates)

        try step(&loop, [.configured(certificates, settings)])
        while !loop.isOver(stopping: mail.isStopping, once: once) {
            loop.sleep(on: mail.bell, atMost: longestSleep)
            heartbeat.beat()
            if mail.isStopping { loop.holdToGrace(grace) }
            if !mail.isStopping { try loop.fulfilWish(of: commands) }
            let configured = mail.takeReading().map { loop.take($0, at: .now) } ?? []
            if !mail.isStopping { loop.retryInstalls() }
            let stored = loop.newsOfRecords()
            let told = try mail.drain() + loop.crew.takeLooks()
            try step(&loop, configured + commands.drain() + told + stored + [.tick])
            loop.retryRecords()
            loop.rememberFacts()
            loop.giveBackMemory()
        }
        if !loop.crew.close(until: loop.leavesAt(grace)) {
            logger.warn(
                "work that hangs is left behind",
                [
                    "advice":
                        "Look for a file system that doesn't answer: what hangs is finished at the next start."
                ])
        }
    }

    /// Feeds the inputs, carries out the actions (some answer at once, with more inputs), publishes.
    private func step(_ loop: inout EngineLoop, _ inputs: [Input]) throws(SystemError) {
        var inputs = inputs
        while !inputs.isEmpty {
            var actions: [Action] = []
            for input in inputs {
                loop.note(input)
                actions += loop.state.handle(input, at: .now())
            }
            inputs = []
            for action in actions { inputs += try perform(action, &loop) }
        }
        loop.hasEvaluated = loop.hasEvaluated || loop.state.hasLookedAtAll
        status.publish(loop.state.snapshot(agent: currentFacts(loop), at: .now()))
        commands.published()
        news.ring()
    }

    private func perform(_ action: Action, _ loop: inout EngineLoop) throws(SystemError) -> [Input] {
        switch action {
        case .look(let names):
            if !mail.isStopping { try loop.look(at: names) }
        case .lookAtIdentity:
            return [.identityLooked(hands.lookAtIdentity())]
        case .forgetPreviousIdentity:
            hands.forgetPreviousIdentity()
        case .countTime(let start):
            hands.countTime(from: start)
        case .persist(let name, let record):
            if hands.persist(record, of: name) { loop.crew.keepRecords() }
        case .forget(let name):
            if hands.forget(name) { loop.crew.keepRecords() }
        case .report(let event):
            loop.log.write(event)
        case .startAttempt, .startReload, .verify, .rebuild, .renewIdentity, .restoreIdentity, .enroll,
            .askTime:
            // Nothing new is begun on the way out; what was wanted is found again at the next start.
            if !mail.isStopping { try loop.begin(action) }
        }
        return []
    }

    private func currentFacts(_ loop: EngineLoop) -> AgentFacts {
        var facts = loop.facts
        facts.lastTickAt = Date.now
        facts.stopping = mail.isStopping
        facts.hasEvaluated = loop.hasEvaluated
        facts.unstored = hands.unstored
        facts.unreadJournal = hands.unreadJournal
        return facts
    }
}

extension Moment {
    /// Both clocks, read now.
    static func now() -> Moment {
        let wall = Clock.wall()
        return Moment(
            wall: Date(timeIntervalSince1970: Double(wall.seconds) + Double(wall.nanoseconds) * 1e-9),
            boottime: Clock.boottime())
    }
}

/// Sets one run of the agent apart from others, in the ids of renewals.
enum RunIdentifier {
    static func make(_ facts: AgentFacts) -> String {
        String(UInt32(truncatingIfNeeded: Int64(facts.startedAt.timeIntervalSince1970)), radix: 36)
            + String(UInt32(truncatingIfNeeded: facts.pid), radix: 36)
    }
}
