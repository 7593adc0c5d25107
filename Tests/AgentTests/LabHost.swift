import Broker
import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing
import Transfer

@testable import Agent

/// A host whose broker and step-ca are a real lab, in this process.
final class LabHost: Sendable {
    let scratch: ScratchDirectory
    let lab: Lab
    /// What the agent logs.
    let capture = LogCapture()
    let settings: AgentConfiguration
    let state: StateDirectory

    /// `lab` are options of `certplane-broker lab`; `change` changes the configuration that it wrote.
    init(_ arguments: [String] = [], change: (inout AgentConfiguration) -> Void = { _ in }) throws {
        scratch = try ScratchDirectory()
        lab = try Lab(
            try LabOptions(arguments: ["--dir", scratch.path("lab")] + arguments),
            log: Logger(destination: .capture(LogCapture())))
        try lab.start()
        let path = lab.layout.agentConfiguration
        var settings = try AgentConfiguration.load(try File.read(path, limit: 1 << 20), file: path)
        change(&settings)
        self.settings = settings
        state = try StateDirectory(
            path: settings.stateDirectory, log: Logger(level: .debug, destination: .capture(capture)))
    }

    deinit { lab.stop() }

    var log: Logger { Logger(level: .debug, destination: .capture(capture)) }

    func hands(_ change: (inout AgentConfiguration) -> Void = { _ in }) -> HostHands {
        var settings = settings
        change(&settings)
        return HostHands(settings, state: state, log: log)
    }

    func certificate() throws -> ManagedCertificate { try required(settings.certificates.first) }

    // MARK: What an agent does

    @discardableResult
    func enroll(_ settings: IdentitySettings? = nil, seam: InstallSeam = .none) async throws
        -> Result<IdentityFacts, RenewalFailure>
    {
        let settings = settings ?? self.settings.identity
        return try await onThread { [state, log] in
            let enrolment = Enrolment(
                settings: settings, state: state,
                installer: Installer(gate: ReloadGate(), journal: InstallJournal(state), log: log), log: log,
                seam: seam)
            let session = try Session()
            return Result { () throws(RenewalFailure) in
                try enrolment.run(session: session, stop: StopFlag()).facts
            }
        }
    }

    func renewIdentity(
        _ settings: IdentitySettings? = nil, seam: InstallSeam = .none
    ) async throws -> Result<IdentityFacts, RenewalFailure> {
        let settings = settings ?? self.settings.identity
        return try await onThread { [state, log] in
            let authority = IdentityAuthority(
                settings: settings, state: state, files: IdentityFiles(settings),
                installer: Installer(
                    gate: ReloadGate(), journal: InstallJournal(state), log: log, seam: seam),
                log: log)
            let session = try Session()
            return Result { () throws(RenewalFailure) in
                try authority.renew(session: session, stop: StopFlag())
            }
        }
    }

    struct Attempted: Sendable {
        var outcome: AttemptOutcome
        var stages: [Stage]
        var exchanges: [BrokerExchange]

        var report: IssuedReport? { if case .installed(let report) = outcome { report } else { nil } }
        var failure: RenewalFailure? { if case .failed(let failure) = outcome { failure } else { nil } }
    }

    /// One attempt for the certificate, by the real hands.
    func attempt(
        _ certificate: ManagedCertificate? = nil, rotating: Bool = true, retiring: Bool = false,
        mendsOnly: Bool = false, earlier: AttemptOrigin? = nil, hands: HostHands? = nil
    ) async throws -> Attempted {
        let certificate = try certificate ?? self.certificate()
        let hands = hands ?? self.hands()
        var plan = AttemptPlan(
            id: RenewalID("test"), certificate: certificate,
            broker: BrokerAddress(settings.broker.url.text), reason: .missing, rotatesKey: rotating,
            retiresPendingKey: retiring)
        plan.mendsOnly = mendsOnly
        plan.earlierOrigin = earlier
        return try await onThread { [plan] in
            let told = Lock<[Input]>([])
            let outcome = hands.attempt(plan, in: WorkerContext(), stop: try StopSignal()) { input in
                told.withLock { $0.append(input) }
            }
            var attempted = Attempted(outcome: outcome, stages: [], exchanges: [])
            for input in told.withLock({ $0 }) {
                switch input {
                case .attemptStep(_, let stage): attempted.stages.append(stage)
                case .brokerExchanged(let exchange): attempted.exchanges.append(exchange)
                default: throw Missing()
                }
            }
            return attempted
        }
    }

    // MARK: What the lab does

    /// Puts these faults in force, none besides.
    func setFaults(_ specs: String...) throws {
        try scratch.write("lab/faults", specs.map { $0 + "\n" }.joined())
    }

    // MARK: What lies on the disk

    func bytes(_ path: String) throws -> [UInt8] { try File.read(path, limit: 1 << 20) }

    func mode(_ path: String) throws -> FileMode { try required(File.status(path)).mode }

    /// Every output's content and every other name beside them.
    func outputs(of certificate: ManagedCertificate? = nil) throws -> [String: [UInt8]] {
        let certificate = try certificate ?? self.certificate()
        let path = certificate.outputs.cert
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        guard try File.status(folder) != nil else { return [:] }
        var contents: [String: [UInt8]] = [:]
        for name in try Directory.open(folder).entries() { contents[name] = try bytes("\(folder)/\(name)") }
        return contents
    }

    func pendingKey() throws -> [UInt8]? {
        let name = try certificate().name.fileName + ".key"
        guard try state.pendingKeys.status(name) != nil else { return nil }
        return try bytes(state.pendingKeys.path(of: name))
    }

    func leaf() throws -> Certificate { try Certificate(pem: bytes(certificate().outputs.cert)) }

    func identityChain() throws -> CertificateChain {
        try CertificateChain(pem: bytes(settings.identity.certificatePath))
    }

    func writeIdentity(_ identity: TestIdentity) throws {
        try scratch.write("lab/agent/identity.crt", identity.chain.pem)
        try scratch.write(
            "lab/agent/identity.key", String(decoding: identity.keyBytes, as: UTF8.self), mode: 0o600)
    }
}

/// A fault of the lab's broker and how an attempt ends under it.
struct FaultVector: Sendable, CustomTestStringConvertible {
    var spec: String
    var stage: Stage
    var failureClass: FailureClass
    var isPossibleOrder: Bool
    var retryAfter: Duration?
    /// Certificates that the lab has issued in the end, the honest try afterwards included.
    var orders: Int

    var testDescription: String { spec }
}

extension HostHands {
    /// Hands for a configuration that lies in no file.
    convenience init(_ settings: AgentConfiguration, state: StateDirectory, log: Logger) {
        self.init(
            LoadedConfiguration(path: "/nowhere/agent.yml", hash: "", settings: settings), state: state,
            api: WantedAPI(settings.api), log: log)
    }
}
