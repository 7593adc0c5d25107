import FoundationEssentials
import Lifecycle
import POSIX
import Transfer

/// What the engine's thread keeps from round to round.
struct EngineLoop {
    var state: HostState
    let crew: EngineCrew
    let log: EventLog
    private(set) var certificates: [CertificateName: ManagedCertificate]
    /// What the snapshot says of the process and its configuration.
    private(set) var facts: AgentFacts
    /// The wish to read the configuration again that is being fulfilled.
    private var wish: RenewalID?
    var hasEvaluated = false
    /// Jobs given to workers that haven't ended, looks aside.
    private var running = 0
    /// Certificates whose look hasn't ended.
    private var looking = 0
    /// Those of them whose look hangs.
    private var unanswered: Set<CertificateName> = []
    /// What a configuration took while it was read and put in force has not been given back yet.
    private var owesMemory = true
    /// What was read is stored for the next process no earlier than this.
    private var remembersAt = Duration.zero
    /// Some record could not be stored when that was last asked.
    private var wasUnstored = false
    /// Records that could not be stored are tried again no earlier than this.
    private var recordsRetryAt = Duration.zero
    /// What is cut off next if it is still under way, once the agent is stopping; nil before.
    private var cutoffs: [Cutoff]?
    /// What has outlived every grace hangs, and is left behind.
    private var isLeaving = false

    /// The end of a grace, as a point of the boottime clock.
    private struct Cutoff {
        enum Work { case exchanges, children, everything }

        var at: Duration
        var work: Work
    }

    init(
        state: HostState, crew: EngineCrew, log: EventLog, facts: AgentFacts,
        certificates: [ManagedCertificate]
    ) {
        self.state = state
        self.crew = crew
        self.log = log
        self.facts = facts
        self.certificates = Self.byName(certificates)
    }

    private static func byName(_ certificates: [ManagedCertificate]) -> [CertificateName: ManagedCertificate]
    {
        Dictionary(certificates.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Begins to look at the files of those that are managed.
    mutating func look(at names: [CertificateName]) throws(SystemError) {
        let wanted = names.compactMap { certificates[$0] }
        looking += wanted.count
        try crew.look(at: wanted)
    }

    /// After a round in which much was put in force.
    mutating func giveBackMemory() {
        guard owesMemory, hasEvaluated, cutoffs == nil else { return }
        owesMemory = false
        crew.giveBackMemory()
    }

    /// Stores what was read for the next process, now and then.
    mutating func rememberFacts() {
        let now = Clock.boottime()
        guard hasEvaluated, cutoffs == nil, remembersAt <= now, crew.hands.hasNewFacts else { return }
        remembersAt = now + Self.memoryInterval
        crew.rememberFacts()
    }

    /// Has what the disk refused stored after all, once it takes it.
    mutating func retryRecords() {
        let now = Clock.boottime()
        guard cutoffs == nil, recordsRetryAt <= now else { return }
        recordsRetryAt = now + Self.recordsInterval
        if crew.hands.retryRecords() { crew.keepRecords() }
    }

    /// The disk takes records again, and the journal can be read: who failed for want of that need not wait any longer.
    mutating func newsOfRecords() -> [Input] {
        let isUnstored = crew.hands.unstored != nil || crew.hands.unreadJournal != nil
        defer { wasUnstored = isUnstored }
        return wasUnstored && !isUnstored ? [.recordsStored] : []
    }

    private static let recordsInterval = Duration.seconds(30)

    private static let memoryInterval = Duration.seconds(300)

    /// Has installs finished that are open yet.
    func retryInstalls() {
        if crew.hands.hasStuckInstalls { crew.retryInstalls(among: certificates) }
    }

    mutating func begin(_ action: Action) throws(SystemError) {
        crew.adopt(state.places)
        try crew.begin(action)
        running += 1
    }

    /// Keeps count of what has ended.
    mutating func note(_ input: Input) {
        switch input {
        case .looked(let name, _):
            looking -= 1
            unanswered.remove(name)
        case .lookUnanswered(let name): unanswered.insert(name)
        case .attemptEnded, .reloadEnded, .served, .rebuilt, .identityRenewalEnded, .identityRestored,
            .timeAsked:
            running -= 1
        default: break
        }
    }

    /// Whether the loop's work is done: all that runs has ended, and no more is to come.
    func isOver(stopping: Bool, once: Bool) -> Bool {
        // A look that is given up leaves nothing behind.
        if stopping { return running == 0 || isLeaving }
        // One pass is over when the machine has nothing to do but wait, however shortly: what failed is not tried again.
        return once && running <= state.hangingWork && looking <= unanswered.count
    }

    /// Begins to read the configuration again if somebody wishes it, one reading at a time.
    mutating func fulfilWish(of commands: CommandInbox) throws(SystemError) {
        guard wish == nil, let next = commands.takeConfigurationWish() else { return }
        try crew.readConfiguration()
        wish = next
        running += 1
    }

    /// Puts in force what was read, and notes what came of it for the snapshot.
    mutating func take(_ reading: ConfigurationReading, at now: Date) -> [Input] {
        guard let id = wish.take() else { return [] }
        running -= 1
        // On the way out nothing changes any more.
        if cutoffs != nil { return [] }
        switch reading {
        case .refused(let faults):
            facts.note(ConfigurationReload(id: id, endedAt: now, outcome: .refused(faults)))
            return []
        case .usable(let change):
            certificates = Self.byName(change.certificates)
            owesMemory = true
            crew.adopt(change.settings)
            crew.hands.adopt(change)
            facts.configHash = change.hash
            facts.configLoadedAt = now
            facts.note(ConfigurationReload(id: id, endedAt: now, outcome: .applied(change.difference)))
            return [.configured(change.certificates, change.settings)]
        }
    }

    /// Waits for mail, the machine's next deadline, or the end of a grace.
    func sleep(on bell: Bell, atMost longest: Duration) {
        let deadlines = [
            state.nextDeadline, cutoffs?.first?.at, crew.nextLooksAt, Clock.boottime() + longest,
        ]
        _ = bell.wait(until: deadlines.compactMap(\.self).min())
    }

    /// When what has not ended is left behind, once nothing more is waited for.
    func leavesAt(_ grace: RenewalEngine.StopGrace) -> Duration {
        let now = Clock.boottime()
        let end = isLeaving ? now : cutoffs?.last?.at ?? now + grace.everything
        // Threads that do nothing take a moment to end, too.
        return max(end, now + .seconds(1))
    }

    /// On the way out: begins nothing new, and cuts off what has outlived its grace, which begins with the first call.
    mutating func holdToGrace(_ grace: RenewalEngine.StopGrace) {
        state.stop()
        crew.stopLooking()
        let now = Clock.boottime()
        var pending =
            cutoffs ?? [
                Cutoff(at: now + grace.exchanges, work: .exchanges),
                Cutoff(at: now + grace.children, work: .children),
                Cutoff(at: now + grace.everything, work: .everything),
            ]
        while let next = pending.first, next.at <= now {
            pending.removeFirst()
            switch next.work {
            case .exchanges: crew.stop.exchanges.raise()
            case .children: crew.stop.children.ring()
            case .everything: isLeaving = true
            }
        }
        cutoffs = pending
    }
}

extension AgentFacts {
    /// How many outcomes the snapshot shows: whoever asked reads his within a round or two.
    private static let remembered = 8

    fileprivate mutating func note(_ reload: ConfigurationReload) {
        if case .applied = reload.outcome { lastReloadSucceeded = true } else { lastReloadSucceeded = false }
        configurationReloads = configurationReloads.suffix(Self.remembered - 1) + [reload]
    }
}

extension LifecycleSettings {
    /// Threads for everything besides renewals and looks that can be under way at once: reloads and what else waits for
    /// others, records, the identity, the configuration.
    var workers: Int { concurrency + reloadConcurrency + 3 }
}
