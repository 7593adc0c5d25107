import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing
import Transfer

@testable import Agent

/// Hands that do what the test says, and remember what they were told to do.
final class ScriptedHands: EngineHands {
    typealias Attempting =
        @Sendable (AttemptPlan, StopSignal, _ told: (Input) -> Void) -> AttemptOutcome

    private let disk: Lock<[CertificateName: FoundCertificate]>
    private let diary = Monitor<[String]>([])
    private let attempting: Attempting
    private let reloading: @Sendable (ReloadPlan, StopSignal) -> ReloadOutcome
    private let looking: @Sendable () -> Void
    private let verifying: @Sendable () -> Void
    private let comingRound: @Sendable () -> Void
    private let readings = Lock<[@Sendable () -> ConfigurationReading]>([])
    let stops = Lock<[StopSignal]>([])

    /// What an attempt installs is found on the disk from then on.
    init(
        disk: [CertificateName: FoundCertificate] = [:],
        looking: @escaping @Sendable () -> Void = {},
        verifying: @escaping @Sendable () -> Void = {},
        comingRound: @escaping @Sendable () -> Void = {},
        reloading: @escaping @Sendable (ReloadPlan, StopSignal) -> ReloadOutcome = { _, _ in .succeeded },
        attempting: @escaping Attempting
    ) {
        self.disk = Lock(disk)
        self.looking = looking
        self.verifying = verifying
        self.comingRound = comingRound
        self.reloading = reloading
        self.attempting = attempting
    }

    /// What was done, in order: `attempt web`, `persist web`, `reload web` and so on.
    var entries: [String] { diary.change { $0 } }

    func count(_ entry: String) -> Int { entries.filter { $0 == entry }.count }

    /// Waits until that has been done so often.
    func wait(for entry: String, times: Int = 1) throws {
        let seen = diary.wait(until: Clock.boottime() + .seconds(20)) { diary in
            diary.filter { $0 == entry }.count >= times ? true : nil
        }
        guard seen == true else { throw Missing() }
    }

    private func note(_ entry: String) { diary.change { $0.append(entry) } }

    /// The next look at this certificate does not end before its turnstile opens.
    let hanging = Lock<(name: CertificateName, until: Turnstile)?>(nil)

    func look(at certificate: ManagedCertificate) -> FoundCertificate {
        looking()
        let until = hanging.withLock { hanging -> Turnstile? in
            guard let (name, until) = hanging, name == certificate.name else { return nil }
            hanging = nil
            return until
        }
        until?.pass()
        return disk.withLock { $0[certificate.name] }
            ?? FoundCertificate(certificate: .missing, key: .missing)
    }

    func lookAtIdentity() -> FoundIdentity {
        let now = Date.now
        return FoundIdentity(
            pair: .present(
                IdentityFacts(
                    name: "host", serial: "1", issuer: "CA", notBefore: now - 3600,
                    notAfter: now + 400 * 86_400)))
    }

    /// Certificates whose interrupted installs are finished by the next round, and what is on the disk then.
    let unstuck = Lock<[CertificateName: FoundCertificate]>([:])

    var hasStuckInstalls: Bool {
        comingRound()
        return unstuck.withLock { !$0.isEmpty }
    }

    func retryStuckInstalls() -> [CertificateName] {
        let finished = unstuck.withLock { unstuck in
            defer { unstuck = [:] }
            return unstuck
        }
        disk.withLock { $0.merge(finished) { $1 } }
        return finished.keys.sorted()
    }

    func persist(_ record: CertificateRecord, of name: CertificateName) -> Bool {
        note("persist \(name)\(record.reload == nil ? "" : " owing a reload")")
        return true
    }

    func forget(_ name: CertificateName) -> Bool {
        note("forget \(name)")
        return true
    }

    var unreadJournal: UnreadJournal? {
        lacksJournal.withLock { $0 ? UnreadJournal(since: .now, detail: "EIO") : nil }
    }

    /// The journal can't be read.
    let lacksJournal = Lock(false)

    func retryRecords() -> Bool { false }
    var unstored: UnstoredState? {
        refusesRecords.withLock { $0 ? UnstoredState(count: 1, since: .now, detail: "ENOSPC") : nil }
    }

    func keepRecords() {}

    /// The disk refuses records.
    let refusesRecords = Lock(false)

    func settleRecords(of names: [CertificateName]) -> Bool {
        for name in names { note("settle \(name)") }
        return !refusesRecords.withLock { $0 }
    }

    let hasNewFacts = false

    func rememberFacts() {}

    /// What the next readings of the configuration give, in order.
    func expectReadings(_ next: (@Sendable () -> ConfigurationReading)...) {
        readings.withLock { $0 += next }
    }

    func readConfiguration() -> ConfigurationReading {
        note("read configuration")
        let next = readings.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        return next?() ?? .refused([])
    }

    func adopt(_ change: ConfigurationChange) { note("adopt \(change.hash)") }

    func attempt(
        _ plan: AttemptPlan, in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> AttemptOutcome {
        note("attempt \(plan.certificate.name)")
        stops.withLock { $0.append(stop) }
        let outcome = attempting(plan, stop, told)
        if case .installed(let report) = outcome {
            disk.withLock {
                $0[plan.certificate.name] = FoundCertificate(
                    certificate: .installed(report.certificate), key: .matches)
            }
        }
        return outcome
    }

    /// What happens during a rebuild.
    let rebuilding = Lock<@Sendable (ManagedCertificate) -> Void>({ _ in })

    func rebuild(_ outputs: Set<Output>, of certificate: ManagedCertificate) -> RenewalFailure? {
        note("rebuild \(certificate.name)")
        rebuilding.withLock { $0 }(certificate)
        return nil
    }

    func reload(_ plan: ReloadPlan, stop: StopSignal) -> ReloadOutcome {
        note("reload \(plan.names.map(\.text).joined(separator: " "))")
        stops.withLock { $0.append(stop) }
        return reloading(plan, stop)
    }

    func verify(_ plan: VerifyPlan, stop: StopSignal) -> ServedObservation {
        note("verify \(plan.name)")
        verifying()
        return .matches
    }

    func renewIdentity(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        note("renew identity")
        return .failed(RenewalFailure(stage: .order, .caUnreachable, detail: "scripted"))
    }

    func forgetPreviousIdentity() { note("forget previous identity") }

    func restoreIdentity(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal
    ) -> IdentityRenewalOutcome {
        note("restore identity")
        return .failed(RenewalFailure(stage: .order, .identityRefused, detail: "scripted"))
    }

    func countTime(from start: Date?) { note("count time") }

    func askTime(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> TimeAnswer {
        note("ask time")
        guard let broker = brokers.first else { return .unanswered }
        return .told(ServerTime(date: .now, readAt: Clock.boottime(), uncertainty: .seconds(1)), by: broker)
    }

    func enroll(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        note("enroll")
        return .failed(RenewalFailure(stage: .order, .caUnreachable, detail: "scripted"))
    }
}

/// An engine at work on a thread of its own until the test lets it go.
final class RunningEngine: Sendable {
    let engine: RenewalEngine
    let log = LogCapture()
    private let worker: Worker
    private let ending: Monitor<Ending>

    private struct Ending: Sendable {
        var hasEnded = false
        var error: SystemError?
    }

    init(
        _ certificates: [ManagedCertificate], _ hands: ScriptedHands, once: Bool = false,
        grace: RenewalEngine.StopGrace = RenewalEngine.StopGrace(exchanges: .zero, children: .zero),
        longestSleep: Duration = .seconds(10), stopped: Bool = false,
        tune: (inout LifecycleSettings) -> Void = { _ in }
    ) throws {
        let now = Date.now
        var settings = LifecycleSettings(
            identityName: "host", brokers: [BrokerAddress("https://broker.example.org")])
        settings.asksTimeAtStart = false
        tune(&settings)
        let engine = try RenewalEngine(
            facts: AgentFacts(
                version: "test", pid: 1, startedAt: now, configPath: "/agent.yml", configHash: "",
                configLoadedAt: now, lastTickAt: now),
            certificates: certificates, settings: settings, hands: hands,
            logger: Logger(level: .debug, destination: .capture(log)), grace: grace,
            longestSleep: longestSleep)
        self.engine = engine
        let ending = Monitor(Ending())
        self.ending = ending
        if stopped { engine.stop() }
        worker = try Worker(name: "engine") { [settings] in
            var error: SystemError?
            do throws(SystemError) {
                try engine.run(certificates, settings: settings, records: [:], once: once)
            } catch let failure {
                error = failure
            }
            ending.change { [error] in $0 = Ending(hasEnded: true, error: error) }
        }
    }

    deinit {
        engine.stop()
        worker.join()
    }

    /// Returns when the engine has ended by itself.
    func waitForEnd() throws {
        let ended = ending.wait(until: Clock.boottime() + .seconds(20)) { $0.hasEnded ? $0 : nil }
        guard let ended else { throw Missing() }
        if let error = ended.error { throw error }
        worker.join()
    }

    var snapshot: Snapshot { engine.status.current() }

    /// The first published snapshot that is so.
    func snapshot(where isMeant: (Snapshot) -> Bool) throws -> Snapshot {
        let (pause, deadline) = (try Bell(), Clock.boottime() + .seconds(20))
        while Clock.boottime() < deadline {
            let snapshot = snapshot
            if isMeant(snapshot) { return snapshot }
            _ = pause.wait(until: Clock.boottime() + .milliseconds(2))
        }
        throw Missing()
    }
}

/// Holds threads back until it is opened, and knows how many came.
final class Turnstile: Sendable {
    private struct State: Sendable {
        var arrived = 0
        var isOpen = false
    }

    private let state = Monitor(State())

    /// Waits at most twenty seconds.
    func pass() {
        state.change { $0.arrived += 1 }
        _ = state.wait(until: Clock.boottime() + .seconds(20)) { $0.isOpen ? () : nil }
    }

    func open() { state.change { $0.isOpen = true } }

    func waitForArrivals(_ count: Int) throws {
        let came = state.wait(until: Clock.boottime() + .seconds(20)) { $0.arrived >= count ? true : nil }
        guard came == true else { throw Missing() }
    }
}

extension ManagedCertificate {
    /// A certificate by that name whose files are nowhere.
    static func named(_ text: String, reload: String? = nil) throws -> ManagedCertificate {
        ManagedCertificate(
            name: try CertificateName(validating: text), profile: text,
            dnsNames: try required(DNSNameSet([try DNSName(validating: "\(text).example.org")])),
            outputs: OutputPaths(
                key: "/nowhere/\(text)/key.pem", cert: "/nowhere/\(text)/cert.pem",
                chain: "/nowhere/\(text)/chain.pem", fullchain: "/nowhere/\(text)/fullchain.pem"),
            reload: reload.map { ReloadSetting(command: $0) })
    }

    /// What this certificate would be if it were issued now.
    func issued(serial: String, lifetime: TimeInterval = 90 * 86_400) -> InstalledCertificate {
        let now = Date.now
        return InstalledCertificate(
            serial: serial, notBefore: now - 60, notAfter: now - 60 + lifetime, dnsNames: dnsNames.texts,
            keyType: keyType, issuer: "CN=Test", sha256: serial, spkiSHA256: serial)
    }

    /// A disk on which it lies, well and not due.
    var onDisk: [CertificateName: FoundCertificate] {
        [name: FoundCertificate(certificate: .installed(issued(serial: "1")), key: .matches)]
    }
}
