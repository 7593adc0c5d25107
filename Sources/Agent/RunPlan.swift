import Configuration
public import FoundationEssentials
public import Lifecycle
import POSIX

/// What `run` would do now and why: the run's own state machine, fed with what lies on this host's disk, and its
/// actions read instead of carried out. Nothing is written, locked or sent.
public struct RunPlan: Sendable {
    /// What would be done for a certificate first.
    public enum Action: String, Sendable, Hashable, Encodable {
        /// A certificate would be ordered and installed.
        case order
        /// Outputs would be restored from the others, without an order.
        case rebuild
        /// Its service would be told about the files.
        case reload
        /// Something is to be done, but not yet.
        case wait
        case nothing
        /// This user can't read what the agent's user can.
        case unknown
    }

    /// What would be done for the identity.
    public enum IdentityAction: String, Sendable, Hashable, Encodable {
        case enroll, renew, wait, nothing, unknown
    }

    public struct Identity: Sendable, Hashable {
        public var action: IdentityAction
        public var status: IdentityStatus
        public var why: String
        public var advice: String?
    }

    public struct Certificate: Sendable, Hashable {
        public var action: Action
        public var status: CertificateStatus
        public var why: String
        public var advice: String?
    }

    public let configurationPath: String
    public let madeAt: Date
    public internal(set) var identity: Identity
    /// Sorted by name.
    public internal(set) var certificates: [Certificate]
    /// What limits the answer, or would be done besides.
    public internal(set) var notes: [String]
}

extension RunPlan {
    /// Works the plan out. Reads every output once; blocks for as long as that takes.
    public init(_ loaded: LoadedConfiguration) {
        let surroundings = PlanSurroundings(loaded.settings)
        let now = Moment.now()
        var rehearsal = Rehearsal(loaded.settings, surroundings.records, at: now)
        rehearsal.play(surroundings)
        let snapshot = rehearsal.snapshot(loaded)

        configurationPath = loaded.path
        madeAt = now.wall
        identity = Identity(
            status: snapshot.identity, actions: rehearsal, isUnknown: surroundings.identityDoubt)
        certificates = snapshot.certificates.map { status in
            Certificate(
                status: status, rehearsal: rehearsal, doubt: surroundings.doubts[status.name],
                assumption: surroundings.assumptions[status.name])
        }
        notes = surroundings.notes
    }
}

/// The state machine at work on a disk that is only looked at.
private struct Rehearsal {
    var state: HostState
    let settings: AgentConfiguration
    let now: Moment
    var attempts: [CertificateName: AttemptPlan] = [:]
    var rebuilds: [CertificateName: Set<Output>] = [:]
    var reloads: Set<CertificateName> = []
    var identityStep: RunPlan.IdentityAction?

    init(_ settings: AgentConfiguration, _ records: [CertificateName: CertificateRecord], at now: Moment) {
        // Nothing here depends on chance but moments of looks to come.
        state = HostState(seed: 0, records: records)
        self.settings = settings
        self.now = now
    }

    mutating func play(_ surroundings: PlanSurroundings) {
        var lifecycle = LifecycleSettings(settings)
        // A place for each: who has to wait its turn only is as good as begun.
        lifecycle.concurrency = max(settings.certificates.count, 1)
        lifecycle.reloadConcurrency = lifecycle.concurrency
        lifecycle.reloadGathering = .zero
        var inputs: [Input] = [.configured(settings.certificates, lifecycle)]
        while !inputs.isEmpty {
            let actions = inputs.flatMap { state.handle($0, at: now) }
            inputs = actions.flatMap { note($0, surroundings) }
        }
    }

    private mutating func note(_ action: Action, _ surroundings: PlanSurroundings) -> [Input] {
        switch action {
        case .look(let names):
            return names.compactMap { name in surroundings.found[name].map { .looked(name, $0) } }
        case .lookAtIdentity: return [.identityLooked(surroundings.identity)]
        case .startAttempt(let plan): attempts[plan.certificate.name] = plan
        case .rebuild(let certificate, let outputs): rebuilds[certificate.name] = outputs
        case .startReload(let plan): reloads.formUnion(plan.names)
        case .renewIdentity: identityStep = .renew
        case .enroll: identityStep = .enroll
        // A run asks a broker; a plan has this host's clock only.
        case .askTime(let brokers): return brokers.first.map { [.timeAsked(.told(time, by: $0))] } ?? []
        case .persist, .forget, .report, .verify, .countTime, .restoreIdentity,
            .forgetPreviousIdentity:
            break
        }
        return []
    }

    private var time: ServerTime {
        ServerTime(date: now.wall, readAt: now.boottime, uncertainty: .zero)
    }

    mutating func snapshot(_ loaded: LoadedConfiguration) -> Snapshot {
        let facts = AgentFacts(
            version: "", pid: 0, startedAt: now.wall, configPath: loaded.path, configHash: loaded.hash,
            configLoadedAt: now.wall, lastTickAt: now.wall)
        return state.snapshot(agent: facts, at: now)
    }
}

extension RunPlan.Certificate {
    fileprivate init(
        status: CertificateStatus, rehearsal: Rehearsal, doubt: String?, assumption: String?
    ) {
        self.init(action: .nothing, status: status, why: status.why, advice: status.advice)
        if let doubt {
            action = .unknown
            why = doubt
            advice = "Run this as the agent's user."
        } else if let plan = rehearsal.attempts[status.name] {
            action = .order
            why = status.cause ?? plan.reason.explanation
            // The failure that it is about to be tried again after is no matter of now.
            advice = nil
        } else if let outputs = rehearsal.rebuilds[status.name] {
            action = .rebuild
            let names = Output.allCases.filter(outputs.contains).map(\.rawValue).joined(separator: ", ")
            why = "\(names) can be restored from the other files; \(status.why)"
        } else if rehearsal.reloads.contains(status.name) {
            action = .reload
            why = "its service has not been told about its files yet"
        } else if status.reason != nil || status.reload.pendingSince != nil {
            action = .wait
        }
        if doubt == nil, let assumption { why += "; \(assumption)" }
    }
}

extension RunPlan.Identity {
    fileprivate init(status: IdentityStatus, actions: Rehearsal, isUnknown doubt: String?) {
        self.init(action: .nothing, status: status, why: status.why, advice: status.advice)
        if let doubt {
            action = .unknown
            why = doubt
            advice = "Run this as the agent's user."
        } else if let step = actions.identityStep {
            action = step
            advice = nil
        } else if !status.state.isUsable {
            action = .wait
        }
    }
}
