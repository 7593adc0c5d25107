public import Configuration
import FoundationEssentials
import Lifecycle
public import Log
import PKI
import POSIX
import Transfer

/// The hands that do it for real: on this host's disk, with its children, its broker and its step-ca.
final class HostHands: EngineHands {
    /// What follows from the configuration in force; replaced whole, so that what is under way keeps what it began
    /// with.
    private struct Configured: Sendable {
        let settings: AgentConfiguration
        let identity: IdentityFiles
        let enrolment: Enrolment
    }

    private let configured: Lock<Configured>
    private let file: ConfigurationFile
    private let state: StateDirectory
    private let api: WantedAPI
    private let log: Logger
    private let inventory = Inventory()
    private let keys: PendingKeyStore
    private let records: StateStore
    private let installer: Installer
    private let reloads: ReloadCommand
    /// The token file that was of no use: until it changes it is none that could be tried, and when it does it is new.
    private let refusedToken = Lock<FileFingerprint?>(nil)

    init(_ loaded: LoadedConfiguration, state: StateDirectory, api: WantedAPI, log: Logger) {
        let gate = Gate()
        let settings = loaded.settings
        file = ConfigurationFile(path: loaded.path)
        self.state = state
        self.api = api
        self.log = log
        keys = PendingKeyStore(directory: state, log: log)
        records = StateStore(directory: state, log: log)
        installer = Installer(gate: gate, journal: InstallJournal(state))
        reloads = ReloadCommand(gate: gate, log: log)
        configured = Lock(
            Configured(
                settings: settings, identity: IdentityFiles(settings.identity),
                enrolment: Enrolment(
                    settings: settings.identity, state: state, installer: installer, log: log)))
    }

    private var current: Configured { configured.withLock { $0 } }

    func look(at certificate: ManagedCertificate) -> FoundCertificate { inventory.look(at: certificate) }

    func lookAtIdentity() -> FoundIdentity {
        var found = current.identity.look()
        if found.hasBootstrapToken, let refused = refusedToken.withLock({ $0 }), refused == tokenFingerprint()
        {
            found.hasBootstrapToken = false
        }
        return found
    }

    private func tokenFingerprint() -> FileFingerprint? {
        current.settings.identity.bootstrapTokenPath.map { FileFingerprint(of: $0) }
    }

    /// Takes on what a recovery could not free.
    func adopt(stuck outcomes: [InstallRecovery.Outcome]) { installer.adopt(stuck: outcomes) }

    func retryStuckInstalls() -> [CertificateName] {
        guard !installer.stuckSubjects.isEmpty else { return [] }
        return installer.retryStuckInstalls(log: log).compactMap { try? CertificateName(validating: $0) }
    }

    func persist(_ record: CertificateRecord, of name: CertificateName) {
        do {
            try records.store(record, for: name)
        } catch {
            log.error(
                "state could not be stored",
                [
                    "certificate": .string(name.text), "error": .string("\(error)"),
                    "advice": .string(FailureClass.stateDirectoryFailed.advice),
                ])
        }
    }

    func forget(_ name: CertificateName) {
        do {
            try keys.forget(name)
            try records.remove(name)
            log.info("state of a removed certificate forgotten", ["certificate": .string(name.text)])
        } catch {
            log.warn(
                "state of a removed certificate could not be forgotten",
                ["certificate": .string(name.text), "error": .string("\(error)")])
        }
    }

    func attempt(
        _ plan: AttemptPlan, in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> AttemptOutcome {
        let name = plan.certificate.name
        let configured = current
        let settings = configured.settings
        do {
            let desk = OrderDesk(
                broker: BrokerClient(url: settings.broker.url.text, timeout: settings.broker.timeout),
                identity: configured.identity, trustBundle: settings.broker.serverCABundlePath,
                identityName: settings.identity.name, session: try context.session(), stop: stop.exchanges,
                log: log, told: { told(.brokerExchanged($0)) })
            return Attempt(
                plan: plan, desk: desk, inventory: inventory, keys: keys, installer: installer, log: log,
                enter: { told(.attemptStep(name, $0)) }
            ).run()
        } catch {
            return .failed(RenewalFailure(order: error))
        }
    }

    func rebuild(_ outputs: Set<Output>, of certificate: ManagedCertificate) -> RenewalFailure? {
        do {
            for warning in try installer.rebuild(outputs, of: certificate) {
                log.warn(
                    "outputs rebuilt with a reservation",
                    ["certificate": .string(certificate.name.text), "warning": .string(warning)])
            }
            return nil
        } catch {
            return error
        }
    }

    func reload(_ plan: ReloadPlan, stop: StopSignal) -> ReloadOutcome {
        let stuck = installer.stuckSubjects.intersection(plan.names.map(\.text))
        if let name = stuck.min() {
            return .failed(
                RenewalFailure(
                    stage: .reload, .installStuck,
                    detail: "held: of the files of '\(name)' some are new and others old"))
        }
        return reloads.run(plan, stop: stop.children)
    }

    func verify(_ plan: VerifyPlan, stop: StopSignal) -> ServedObservation {
        ServedCheck(plan: plan, stop: stop.children).run()
    }

    func renewIdentity(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        let configured = current
        let authority = IdentityAuthority(
            settings: configured.settings.identity, stateDirectory: configured.settings.stateDirectory,
            files: configured.identity,
            installer: installer, log: log)
        return outcome(context) { session throws(RenewalFailure) in
            try authority.renew(session: session, stop: stop.exchanges)
        }
    }

    func enroll(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome {
        let token = tokenFingerprint()
        let enrolment = current.enrolment
        let outcome = outcome(context) { session throws(RenewalFailure) in
            try enrolment.run(session: session, stop: stop.exchanges).facts
        }
        if case .failed(let failure) = outcome, !failure.isTransient {
            refusedToken.withLock { $0 = token }
        }
        return outcome
    }

    private func outcome(
        _ context: WorkerContext, _ body: (Session) throws(RenewalFailure) -> IdentityFacts
    ) -> IdentityRenewalOutcome {
        let session: Session
        do { session = try context.session() } catch {
            return .failed(RenewalFailure(stage: .order, FailureClass(stepCA: error), detail: error.message))
        }
        do { return .renewed(try body(session)) } catch { return .failed(error) }
    }
}

// MARK: - The configuration

extension HostHands {
    func readConfiguration() -> ConfigurationReading { file.read(following: current.settings, log: log) }

    func adopt(_ change: ConfigurationChange) {
        guard let settings = change.configuration else { return }
        configured.withLock { configured in
            let isSameIdentity = configured.settings.identity == settings.identity
            configured = Configured(
                settings: settings,
                identity: isSameIdentity ? configured.identity : IdentityFiles(settings.identity),
                enrolment: isSameIdentity
                    ? configured.enrolment
                    : Enrolment(settings: settings.identity, state: state, installer: installer, log: log))
        }
        inventory.keep(only: Set(settings.certificates.map(\.name)))
        log.adopt(level: settings.logging.logLevel, format: settings.logging.logFormat)
        api.change(to: settings.api)
        change.difference.tell(log, path: file.path)
    }
}

extension LoggingSettings {
    var logLevel: LogLevel { LogLevel(word: level.rawValue) ?? .info }
    var logFormat: LogFormat { format == .json ? .json : .text }
}

extension Logger {
    /// The logger that the configuration asks for.
    public init(_ settings: LoggingSettings) {
        self.init(
            level: settings.logLevel, format: settings.logFormat,
            destination: settings.destination == .stdout ? .standardOutput : .standardError)
    }
}

extension IdentityFiles {
    convenience init(_ settings: IdentitySettings) {
        self.init(
            name: settings.name,
            paths: Paths(
                certificate: settings.certificatePath, key: settings.keyPath,
                issuerBundle: settings.issuerCABundlePath, bootstrapToken: settings.bootstrapTokenPath))
    }
}
