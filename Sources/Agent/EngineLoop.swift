import Lifecycle
import POSIX
import Transfer

/// What the engine's thread keeps from round to round.
struct EngineLoop {
    var state: HostState
    let crew: EngineCrew
    let log: EventLog
    let certificates: [CertificateName: ManagedCertificate]
    var hasEvaluated = false
    /// Jobs given to workers that haven't ended.
    private var running = 0
    /// What is cut off next if it is still under way, once the agent is stopping; nil before.
    private var cutoffs: [Cutoff]?

    /// The end of a grace, as a point of the boottime clock.
    private struct Cutoff {
        enum Work { case exchanges, children }

        var at: Duration
        var work: Work
    }

    init(
        state: HostState, crew: EngineCrew, log: EventLog,
        certificates: [CertificateName: ManagedCertificate]
    ) {
        self.state = state
        self.crew = crew
        self.log = log
        self.certificates = certificates
    }

    /// Looks at a certificate's files; nil if it isn't managed.
    func look(at name: CertificateName, with hands: any EngineHands) -> Input? {
        certificates[name].map { .looked(name, hands.look(at: $0)) }
    }

    mutating func begin(_ action: Action) throws(SystemError) {
        try crew.begin(action)
        running += 1
    }

    /// Keeps count of what has ended.
    mutating func note(_ input: Input) {
        switch input {
        case .attemptEnded, .reloadEnded, .rebuilt, .identityRenewalEnded: running -= 1
        default: break
        }
    }

    /// Whether the loop's work is done: all that runs has ended, and no more is to come.
    func isOver(stopping: Bool, once: Bool) -> Bool {
        guard running == 0 else { return false }
        if stopping { return true }
        // One pass is over when the machine has nothing to do but wait, however shortly: what failed is not tried again.
        return once
    }

    /// Waits for mail, the machine's next deadline, or the end of a grace.
    func sleep(on bell: Bell, atMost longest: Duration) {
        let deadlines = [state.nextDeadline, cutoffs?.first?.at, Clock.boottime() + longest]
        _ = bell.wait(until: deadlines.compactMap(\.self).min())
    }

    /// On the way out: begins nothing new, and cuts off what has outlived its grace, which begins with the first call.
    mutating func holdToGrace(_ grace: RenewalEngine.StopGrace) {
        state.stop()
        let now = Clock.boottime()
        var pending =
            cutoffs ?? [
                Cutoff(at: now + grace.exchanges, work: .exchanges),
                Cutoff(at: now + grace.children, work: .children),
            ]
        while let next = pending.first, next.at <= now {
            pending.removeFirst()
            switch next.work {
            case .exchanges: crew.stop.exchanges.raise()
            case .children: crew.stop.children.ring()
            }
        }
        cutoffs = pending
    }
}
