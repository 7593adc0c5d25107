import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import Transfer

/// The hands that do it for real: on this host's disk, with its children, its broker and its step-ca.
final class HostHands: EngineHands {
    /// What follows from the configuration in force; replaced whole, so that what is under way keeps what it began
    /// with.
    struct Configured: Sendable {
        let settings: AgentConfiguration
        let identity: IdentityFiles
        let previousIdentity: PreviousIdentity
        let enrolment: Enrolment

        init(
            _ settings: AgentConfiguration, state: StateDirectory, installer: Installer, clock: JudgedClock,
            log: Logger, keeping known: Configured? = nil
        ) {
            self.settings = settings
            if let known, known.settings.identity == settings.identity {
                identity = known.identity
                previousIdentity = known.previousIdentity
                enrolment = known.enrolment
            } else {
                identity = IdentityFiles(settings.identity)
                previousIdentity = PreviousIdentity(stateDirectory: state.path, name: settings.identity.name)
                enrolment = Enrolment(
                    settings: settings.identity, state: state, installer: installer, clock: clock, log: log)
            }
        }
    }

    let configured: Lock<Configured>
    let file: ConfigurationFile
    let state: StateDirectory
    let api: WantedAPI
    let log: Logger
    let clock = JudgedClock()
    let inventory = Inventory()
    private let inventoryStore: InventoryStore
    private let keys: PendingKeyStore
    private let records: RecordKeeper
    let installer: Installer
    private let reloads: ReloadCommand
    let shared: SharedFilesSurvey
    /// The token file that was of no use: until it changes it is none that could be tried, and when it does it is new.
    let refusedToken = Lock<FileFingerprint?>(nil)

    init(_ loaded: LoadedConfiguration, state: StateDirectory, api: WantedAPI, log: Logger) {
        let gate = ReloadGate()
        let settings = loaded.settings
        file = ConfigurationFile(path: loaded.path)
        self.state = state
        self.api = api
        self.log = log
        keys = PendingKeyStore(directory: state, log: log)
        records = RecordKeeper(state, log)
        shared = SharedFilesSurvey(settings.certificates, besides: settings.reservedFiles)
        inventoryStore = InventoryStore(directory: state, log: log)
        installer = Installer(gate: gate, journal: InstallJournal(state), log: log)
        reloads = ReloadCommand(gate: gate, log: log)
        configured = Lock(
            Configured(settings, state: state, installer: installer, clock: clock, log: log))
    }

    var current: Configured { configured.withLock { $0 } }

    func look(at certificate: ManagedCertificate) -> FoundCertificate { inventory.look(at: certificate) }

    /// Takes on what a recovery could not free. `advanced` is called after each: whether it is a certificate's still takes
    /// a second where its directory hangs.
    func adopt(stuck outcomes: [InstallRecovery.Outcome], _ advanced: () -> Void = {}) {
        let settings = current.settings
        installer.opened.adopt(
            stuck: outcomes, identityPaths: settings.identity.journalPaths,
            isTheirs: { record in
                defer { advanced() }
                return settings.hasFiles(of: record)
            })
    }

    var unreadJournal: UnreadJournal? { installer.opened.unreadJournal }

    /// What holds up an earlier install of a certificate's files, and whether some are new and others old.
    func openInstall(of certificate: ManagedCertificate) -> (why: String, isMixed: Bool)? {
        installer.opened.install(of: certificate)
    }

    var hasStuckInstalls: Bool { installer.opened.hasAnyToTry }

    func retryStuckInstalls() -> [CertificateName] {
        guard installer.opened.hasAnyToTry else { return [] }
        let ended = installer.opened.retry { body in
            guard let claim = try? state.lock(.enrolling) else { return }
            body()
            _ = consume claim
        }
        if ended.isEmpty { return [] }
        return current.settings.certificates.filter { certificate in
            ended.contains { $0.concerns(certificate) }
        }.map(\.name)
    }

    func persist(_ record: CertificateRecord, of name: CertificateName) -> Bool {
        records.put(.store(record), for: name)
    }

    func forget(_ name: CertificateName) -> Bool { records.put(.forget, for: name) }

    func retryRecords() -> Bool { records.retry() }

    var unstored: UnstoredState? { records.unstored }

    func keepRecords() { records.run() }

    func settleRecords(of names: [CertificateName]) -> Bool { records.settle(names) }

    /// Takes on what the last process has read of the certificates.
    func recallFacts() { inventory.remember(inventoryStore.load()) }

    var hasNewFacts: Bool { inventory.hasNews }

    func rememberFacts() {
        inventoryStore.store(inventory.takeNews())
        ProcessMemory.giveBack()
    }

    func attempt(
        _ plan: AttemptPlan, in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> AttemptOutcome {
        let name = plan.certificate.name
        let configured = current
        let settings = configured.settings
        do throws(RenewalFailure) {
            try refuseShared(name, stage: .key)
            try installer.opened.finish(at: plan.certificate.outputs, for: name)
        } catch {
            return .failed(error)
        }
        do {
            let desk = OrderDesk(
                broker: BrokerClient(url: plan.broker.text, timeout: settings.broker.timeout),
                identity: configured.identity, trustBundle: settings.broker.serverCABundlePath,
                identityName: settings.identity.name, session: try context.session(), clock: clock,
                stop: stop.exchanges,
                log: log, told: { told(.brokerExchanged($0)) })
            return Attempt(
                plan: plan, desk: desk, inventory: inventory, keys: keys, installer: installer, log: log,
                enter: { told(.attemptStep(name, $0)) }
            ).run()
        } catch {
            return .failed(RenewalFailure(order: error))
        }
    }

    private func refuseShared(_ name: CertificateName, stage: Stage) throws(RenewalFailure) {
        if let clash = shared.clash(of: name) {
            throw RenewalFailure(stage: stage, .sharedOutputs, detail: clash.text)
        }
    }

    func rebuild(_ outputs: Set<Output>, of certificate: ManagedCertificate) -> RenewalFailure? {
        do throws(RenewalFailure) {
            try refuseShared(certificate.name, stage: .install)
            for warning in try installer.rebuild(outputs, of: certificate) {
                log.warn(
                    "outputs rebuilt with a reservation",
                    ["certificate": .string(certificate.name.text), "warning": .string(warning)])
            }
            return nil
        } catch {
            var failure = error
            // Whatever it failed for, it may be finished yet.
            if let open = openInstall(of: certificate), !open.isMixed { failure.failureClass = .installOpen }
            return failure
        }
    }

    func reload(_ plan: ReloadPlan, stop: StopSignal) -> ReloadOutcome {
        // Before the gate as well: a run that is held need not wait there.
        if let hold = hold(plan) { return .failed(hold) }
        return reloads.run(plan, stop: stop.children) { self.hold(plan) }
    }

    /// Why a service must not be made to read its files now: of some only a part is new. All that the command's service
    /// reads count.
    private func hold(_ plan: ReloadPlan) -> RenewalFailure? {
        guard !installer.opened.stuckSubjects.isEmpty else { return nil }
        let sharing = current.settings.certificates.filter { $0.reload?.command == plan.command }
        let names = (sharing + plan.certificates.map(\.wanted)).filter(installer.opened.isStuck).map(\.name)
        return names.min().map {
            RenewalFailure(
                stage: .reload, .installStuck,
                detail: "held: of the files of '\($0)' some are new and others old")
        }
    }

    func verify(_ plan: VerifyPlan, stop: StopSignal) -> ServedObservation {
        ServedCheck(plan: plan, stop: stop.children).run()
    }

    func countTime(from start: Date?) { clock.count(from: start) }

    func askTime(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> TimeAnswer {
        guard let session = try? context.session() else { return .unanswered }
        let configured = current
        let broker = configured.settings.broker
        return TimeDesk(
            identity: configured.identity, trustBundle: broker.serverCABundlePath, timeout: broker.timeout,
            session: session, stop: stop.exchanges,
            told: { told(.brokerExchanged($0)) }
        ).ask(brokers)
    }
}
