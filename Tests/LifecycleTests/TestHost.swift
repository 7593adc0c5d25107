import FoundationEssentials

@testable import Lifecycle

/// A host under test: its state machine, a clock that only the test moves, and the actions it was told to do.
struct TestHost {
    var state: HostState
    var now = Moment(wall: Date(timeIntervalSince1970: 1_800_000_000), boottime: .seconds(1000))
    var settings = LifecycleSettings(identityName: "edge01.example.test", brokers: [.first])
    var wanted: [ManagedCertificate] = []

    /// Configured with these certificates, with a valid identity, before any look.
    init(
        _ wanted: [ManagedCertificate], records: [CertificateName: CertificateRecord] = [:], seed: UInt64 = 1,
        at start: Moment? = nil, enrolled: Bool = true, tune: (inout LifecycleSettings) -> Void = { _ in }
    ) throws {
        now = start ?? now
        state = HostState(seed: seed, records: records)
        self.wanted = wanted
        settings.asksTimeAtStart = false
        tune(&settings)
        setUp = state.handle(.configured(wanted, settings), at: now)
        if enrolled { setUp += tell(.identityLooked(FoundIdentity(pair: .present(identity())))) }
    }

    private(set) var setUp: [Action] = []
    /// Renewals that the first looks started.
    var setUpPlans: [AttemptPlan] = []

    @discardableResult
    mutating func tell(_ input: Input) -> [Action] { state.handle(input, at: now) }

    /// Lets time pass in one step.
    @discardableResult
    mutating func wait(_ duration: Duration) -> [Action] {
        now = now + duration
        return state.handle(.tick, at: now)
    }

    /// Goes from deadline to deadline until `duration` is over or the host does something that `matches`. Looks are
    /// answered as `found` says.
    mutating func wait(
        atMost duration: Duration, found: (CertificateName) -> FoundCertificate? = { _ in nil },
        for matches: (Action) -> Bool
    ) -> [Action] {
        let end = now.boottime + duration
        while now.boottime < end {
            let next = min(state.nextDeadline ?? end, end)
            var actions = wait(max(next - now.boottime, .zero))
            for name in actions.looks {
                if let answer = found(name) { actions += tell(.looked(name, answer)) }
            }
            if actions.contains(.lookAtIdentity) {
                actions += tell(.identityLooked(foundIdentity))
            }
            if actions.contains(where: matches) { return actions }
        }
        return []
    }

    /// The next renewal within `duration`, while the disk stays as it is.
    mutating func nextPlan(within duration: Duration, disk: FoundCertificate = .nothing) -> AttemptPlan? {
        wait(atMost: duration, found: { _ in disk }, for: { ![$0].plans.isEmpty }).plans.first
    }

    mutating func status(_ name: CertificateName) throws -> CertificateStatus {
        let snapshot = snapshot()
        guard let status = snapshot.certificate(name) else { throw Missing(what: name.text) }
        return status
    }

    mutating func snapshot() -> Snapshot {
        let facts = AgentFacts(
            version: "test", pid: 1, startedAt: now.wall, configPath: "/etc/certplane/agent.yml",
            configHash: "",
            configLoadedAt: now.wall, lastTickAt: now.wall)
        return state.snapshot(agent: facts, at: now)
    }

    /// The identity on disk.
    var identityFacts: IdentityFacts?
    var foundIdentity: FoundIdentity {
        FoundIdentity(pair: .present(identityFacts ?? identity()))
    }

    /// A broker says that it is so late: what the wall clock says, if nothing else.
    @discardableResult
    mutating func confirmClock(_ date: Date? = nil) -> [Action] {
        let time = ServerTime(date: date ?? now.wall, readAt: now.boottime, uncertainty: .seconds(1))
        return tell(.timeAsked(.told(time, by: .first)))
    }

    var runningCount: Int { state.runningAttempts }

    func identity(lifetime: Duration = .seconds(400 * 86_400)) -> IdentityFacts {
        IdentityFacts(
            name: settings.identityName, serial: "1d", issuer: "Test CA", notBefore: now.wall,
            notAfter: now.wall + lifetime.seconds)
    }

    struct Missing: Error { var what: String }
}

func + (moment: Moment, duration: Duration) -> Moment {
    Moment(wall: moment.wall + duration.seconds, boottime: moment.boottime + duration)
}

extension Duration {
    static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    static func hours(_ count: Int) -> Duration { .seconds(3600 * count) }
    static func days(_ count: Int) -> Duration { .seconds(86_400 * count) }
}

extension BrokerAddress {
    static let first = BrokerAddress("https://b1.example.test")
    static let second = BrokerAddress("https://b2.example.test")
    static let third = BrokerAddress("https://b3.example.test")
}

func named(_ text: String) throws -> CertificateName { try CertificateName(validating: text) }

func managed(
    _ name: String, reload: String? = nil, renewBefore: RenewBefore = .standard, reusesKey: Bool = false
) throws -> ManagedCertificate {
    let names = try [DNSName(validating: "\(name).example.test")]
    guard let set = DNSNameSet(names) else { throw TestHost.Missing(what: "names") }
    return ManagedCertificate(
        name: try named(name), profile: "web", dnsNames: set, reusesKey: reusesKey,
        outputs: OutputPaths(
            key: "/certs/\(name).key", cert: "/certs/\(name).crt", chain: "/certs/\(name).chain",
            fullchain: "/certs/\(name).full"),
        reload: reload.map { ReloadSetting(command: $0) }, renewBefore: renewBefore)
}

extension ManagedCertificate {
    /// A certificate as the broker would issue it: this old, for this long.
    func issued(
        at now: Date, age: Duration = .zero, lifetime: Duration = .days(90), serial: String = "a1"
    ) -> InstalledCertificate {
        InstalledCertificate(
            serial: serial, notBefore: now - age.seconds, notAfter: now - age.seconds + lifetime.seconds - 1,
            dnsNames: dnsNames.texts, keyType: keyType, issuer: "Test CA", sha256: "00", spkiSHA256: "11")
    }

    func found(
        at now: Date, age: Duration = .zero, lifetime: Duration = .days(90), serial: String = "a1"
    ) -> FoundCertificate {
        FoundCertificate(
            certificate: .installed(issued(at: now, age: age, lifetime: lifetime, serial: serial)),
            key: .matches)
    }
}

extension FoundCertificate {
    static let nothing = FoundCertificate(certificate: .missing, key: .missing, lost: Set(Output.allCases))
}

extension [Action] {
    var plans: [AttemptPlan] {
        compactMap { if case .startAttempt(let plan) = $0 { plan } else { nil } }
    }
    var reloads: [ReloadPlan] {
        compactMap { if case .startReload(let plan) = $0 { plan } else { nil } }
    }
    var looks: [CertificateName] {
        flatMap { action -> [CertificateName] in if case .look(let names) = action { names } else { [] } }
    }
    var records: [CertificateRecord] {
        compactMap { if case .persist(_, let record) = $0 { record } else { nil } }
    }
    var events: [Event] {
        compactMap { if case .report(let event) = $0 { event } else { nil } }
    }
    /// The names of the certificates whose renewal starts, in order.
    var started: [String] { plans.map(\.certificate.name.text) }
}

extension RenewalFailure {
    static let issuance = RenewalFailure(stage: .order, .issuanceFailed, detail: "502", isPossibleOrder: true)
    static let forbidden = RenewalFailure(stage: .order, .forbidden, detail: "403 forbidden")
    static let unavailable = RenewalFailure(stage: .order, .brokerUnavailable, detail: "503")
    static let unreachable = RenewalFailure(stage: .order, .brokerUnreachable, detail: "connection refused")
    static let fullDisk = RenewalFailure(stage: .install, .diskFull, detail: "ENOSPC")

    static func rateLimited(_ retryAfter: Duration?) -> RenewalFailure {
        RenewalFailure(stage: .order, .rateLimited, detail: "429", retryAfter: retryAfter)
    }
}
