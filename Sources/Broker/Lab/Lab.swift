public import FoundationEssentials
import HTTP
import HTTPServer
public import Log
import PKI
import POSIX

/// A broker, a CA and enough of step-ca in one process, on loopback: everything an agent needs to be tried.
///
/// `init` prepares the directory and listens; `start` accepts; `stop` ends both servers.
public final class Lab: Sendable {
    public let options: LabOptions
    public let layout: LabLayout
    /// `https://127.0.0.1:PORT`.
    public let brokerURL: String
    /// `https://127.0.0.1:PORT`.
    public let stepCAURL: String

    private let record: LabRecord
    private let store: LabStore
    private let desk: OrderDesk
    private let brokerEndpoint: BrokerEndpoint
    private let provisioner: Provisioner
    private let internalCA: LabHierarchy
    private let broker: LabServer
    private let stepCA: LabServer

    /// Makes or reuses the CAs in the directory, binds both listeners and writes every file.
    public init(_ options: LabOptions, log: Logger, now: Date = Date()) throws(LabFailure) {
        self.options = options
        layout = LabLayout(root: Self.absolute(options.directory))
        record = LabRecord(log)
        store = try LabStore(layout)
        internalCA = try store.hierarchy("Certplane Lab Internal", file: "internal", now: now)
        let serviceCA = try store.hierarchy("Certplane Lab Service", file: "service", now: now)
        provisioner = try store.provisioner()
        try store.publish(layout.faults, LabDocuments.faults(options))
        try store.publish(layout.policy, LabDocuments.policy(options))
        let policy = try Self.policy(layout.policy)
        do throws(SystemError) {
            desk = try OrderDesk(
                serviceCA, lifetime: options.lifetime, issueDelay: options.issueDelay, limits: options.limits,
                record: record)
        } catch {
            throw LabFailure("starting the lab", error)
        }
        brokerEndpoint = BrokerEndpoint(
            policy: policy, faults: FaultFile(path: layout.faults), desk: desk, record: record)
        let stepCAEndpoint = StepCAEndpoint(
            IdentityAuthority(
                root: internalCA.root, issuer: internalCA.intermediate, provisioner: provisioner,
                lifetime: options.identityLifetime), record)
        let identityCAs = [internalCA.root, internalCA.intermediate.certificate]
        broker = try LabServer(
            "broker", options.listen, brokerEndpoint, internalCA, .required(authorities: identityCAs), record,
            now: now)
        stepCA = try LabServer(
            "step-ca", options.stepCAListen, stepCAEndpoint, internalCA, .optional(authorities: identityCAs),
            record,
            now: now)
        brokerURL = broker.url
        stepCAURL = stepCA.url
        try writeFiles(serviceCA)
        try writeBootstrapToken(now: now)
    }

    /// What the lab has done so far.
    public var counters: LabCounters { record.counters }

    /// The line that says that both listeners accept.
    public var readyLine: String {
        "ready broker=\(brokerURL) step-ca=\(stepCAURL) config=\(layout.agentConfiguration)\n"
    }

    /// What a person types next.
    public var nextSteps: String { LabDocuments.nextSteps(layout) + "\n" }

    /// Accepts connections, on threads of its own.
    public func start() throws(LabFailure) {
        do throws(SystemError) {
            try desk.start()
            try broker.start()
            try stepCA.start()
        } catch {
            throw LabFailure("starting the lab", error)
        }
    }

    /// Lets the order in progress end, drops those that wait, ends both servers, and waits for their threads.
    public func stop() {
        desk.stop()
        broker.stop()
        stepCA.stop()
    }

    /// Writes a fresh one-time token for the lab's identity; the one before stays good until it is used or expires.
    public func writeBootstrapToken(now: Date = Date()) throws(LabFailure) {
        let token: String
        do throws(JWSError) {
            token = try provisioner.token(
                subject: options.identity, names: [options.identity], audience: stepCAURL + "/1.0/sign",
                rootSHA256: internalCA.root.sha256, validFrom: now)
        } catch {
            throw LabFailure("making a bootstrap token", error)
        }
        try store.publish(layout.bootstrapToken, token + "\n", mode: 0o600)
        record.tokenWritten(layout.bootstrapToken, identity: options.identity)
    }

    /// Like `writeBootstrapToken`, but a failure is only reported: for a lab that runs.
    public func renewBootstrapToken() {
        do throws(LabFailure) {
            try writeBootstrapToken()
        } catch {
            record.signalFailed(error.description)
        }
    }

    /// Reads policy.yml again; one that breaks a rule is reported and the old one stays.
    public func reloadPolicy() {
        do throws(LabFailure) {
            brokerEndpoint.replacePolicy(try Self.policy(layout.policy))
            record.policyLoaded(layout.policy)
        } catch {
            record.signalFailed(error.description)
        }
    }

    private func writeFiles(_ serviceCA: LabHierarchy) throws(LabFailure) {
        let root = internalCA.root.pem
        try store.publish(layout.stepCARoot, root)
        try store.publish(layout.agentIdentityBundle, root + internalCA.intermediate.certificate.pem)
        try store.publish(layout.brokerServerBundle, root)
        try store.publish(layout.serviceRoot, serviceCA.root.pem)
        try store.publish(
            layout.agentConfiguration,
            LabDocuments.agentConfiguration(
                options, layout, brokerURL: brokerURL, stepCAURL: stepCAURL,
                rootSHA256: internalCA.root.sha256))
    }

    private static func policy(_ path: String) throws(LabFailure) -> BrokerPolicy {
        do {
            return try BrokerPolicy(reading: try File.read(path, limit: 16 << 20), name: path)
        } catch {
            throw LabFailure("loading \(path)", error)
        }
    }

    /// `path` from the root, without a slash at its end.
    private static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let parts = whole.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }
}
