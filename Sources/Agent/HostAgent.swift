import Configuration
import FoundationEssentials
import Lifecycle
public import Log
public import POSIX
public import Transfer

/// Why an agent could not be started.
public enum StartFailure: Error {
    /// By the process that the lock file names, if it names one.
    case locked(path: String, holder: Int32?)
    case stateDirectory(path: String, SystemError)
    case system(SystemError)
    case transfer(TransferError)
}

/// The one agent of a state directory: holds its lock from `prepare` to its end, and owns the engine.
public final class HostAgent: Sendable {
    public let engine: RenewalEngine
    /// Where the local API should listen; whoever runs it follows.
    public let api: WantedAPI

    private let loaded: LoadedConfiguration
    private let hands: HostHands
    private let state: StateDirectory
    private let log: Logger
    private let lock: FileLock
    private let sweep: PlacesSweep?

    /// Takes the lock, finishes the installs that an agent that died had decided, and makes everything ready to run;
    /// nothing runs yet.
    ///
    /// - Parameter longestSleep: the engine comes round at least this often.
    /// - Parameter advanced: called after each step of a start that may take long.
    public init(
        _ loaded: LoadedConfiguration, version: String, log: Logger, longestSleep: Duration = .seconds(10),
        advanced: () -> Void = {}
    ) throws(StartFailure) {
        do { try LibCurl.prepare() } catch { throw .transfer(error) }
        let state = try StateDirectory.prepared(loaded.settings, log)
        lock = try state.locked(.running)
        self.loaded = loaded
        self.state = state
        self.log = log
        api = WantedAPI(loaded.settings.api)
        hands = HostHands(loaded, state: state, api: api, log: log)
        let now = Date.now
        let facts = AgentFacts(
            version: version, pid: ProcessFacts.processID, startedAt: now, configPath: loaded.path,
            configHash: loaded.hash, configLoadedAt: now, lastTickAt: now)
        do {
            engine = try RenewalEngine(
                facts: facts, certificates: loaded.settings.certificates,
                settings: LifecycleSettings(loaded.settings), hands: hands, logger: log,
                longestSleep: longestSleep)
        } catch { throw .system(error) }
        // Here and not on the engine's thread: beside it the local API stages its token file.
        let outcomes: [InstallRecovery.Outcome]
        (outcomes, sweep) = Self.recover(loaded.settings, state, log, advanced)
        hands.adopt(stuck: outcomes, advanced)
    }

    /// Runs the engine on the calling thread until it is stopped, or, with `once`, until everything that is due has
    /// been tried.
    public func run(once: Bool) throws(StartFailure) {
        sweep?.begin()
        hands.recallFacts()
        let settings = loaded.settings
        let records: [CertificateName: CertificateRecord]
        do { records = try storedRecords() } catch {
            throw .stateDirectory(path: settings.stateDirectory, error)
        }
        // What reading the configuration took is free by now.
        ProcessMemory.giveBack()
        do {
            try engine.run(
                settings.certificates, settings: LifecycleSettings(settings), records: consume records,
                once: once)
        } catch { throw .system(error) }
        // A process that runs on sweeps meanwhile.
        if once { _ = sweep?.waitForEnd(until: Clock.boottime() + Self.longestSweep) }
    }

    private static let longestSweep = Duration.seconds(10)

    /// What is kept of every certificate, managed or not.
    private func storedRecords() throws(SystemError) -> [CertificateName: CertificateRecord] {
        let store = StateStore(directory: state, log: log)
        var records: [CertificateName: CertificateRecord] = [:]
        for certificate in loaded.settings.certificates {
            let open = hands.openInstall(of: certificate)
            records[certificate.name] = CertificateRecord.afterRecovery(
                try store.stored(for: certificate.name), stuck: open?.why,
                as: open?.isMixed == false ? .installOpen : .installStuck, at: .now)
        }
        let left = store.names().union(PendingKeyStore(directory: state, log: log).names())
        for name in left where records[name] == nil { records[name] = try store.record(for: name) }
        return records
    }

    /// Finishes the installs that an agent that died had decided, and says what is to be swept after it.
    private static func recover(
        _ settings: AgentConfiguration, _ state: StateDirectory, _ log: Logger, _ advanced: () -> Void
    ) -> ([InstallRecovery.Outcome], PlacesSweep?) {
        let recovery = HostRecovery(settings: settings, state: state, log: log)
        // What an enrolment beside us holds its lock for is left alone; the next start finds the rest.
        guard let enrolment = try? state.lock(.enrolling) else {
            return (recovery.runBesideEnrolment(advanced), nil)
        }
        defer { withExtendedLifetime(enrolment) {} }
        return recovery.run(advanced)
    }
}

extension StateDirectory {
    static func prepared(_ settings: AgentConfiguration, _ log: Logger) throws(StartFailure) -> StateDirectory
    {
        do { return try StateDirectory(path: settings.stateDirectory, log: log) } catch {
            throw .stateDirectory(path: settings.stateDirectory, error)
        }
    }
}

extension LifecycleSettings {
    /// What the state machine needs to know of the configuration.
    init(_ configuration: AgentConfiguration) {
        let broker = configuration.broker
        self.init(
            identityName: configuration.identity.name,
            brokers: ([broker.url] + broker.failoverURLs).map { BrokerAddress($0.text) })
        let renewBefore = configuration.identity.renewBefore
        identityRenewBefore =
            renewBefore == RenewalWindow.identityStandard ? .standard : .explicit(renewBefore)
        identityWarnBefore = configuration.identity.warnBefore
        identitySource = "\(configuration.identity.stepCA.url.text) \(configuration.identity.stepCA.trust)"
        checkInterval = configuration.checkInterval
        concurrency = configuration.renewal.concurrency
        orderDeadline = latestRequest + configuration.broker.timeout
    }
}
