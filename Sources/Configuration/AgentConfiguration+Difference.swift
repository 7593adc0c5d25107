public import Lifecycle

extension AgentConfiguration {
    /// What changes when `next` follows this configuration: the keys and the certificates' names, never a value.
    public func difference(to next: AgentConfiguration) -> ConfigurationDifference {
        var difference = ConfigurationDifference()
        let old = Dictionary(certificates.map { ($0.name, $0) }) { first, _ in first }
        var kept: Set<CertificateName> = []
        for certificate in next.certificates {
            kept.insert(certificate.name)
            guard let earlier = old[certificate.name] else {
                difference.added.append(certificate.name)
                continue
            }
            if earlier != certificate { difference.changed.append(certificate.name) }
        }
        difference.removed = old.keys.filter { !kept.contains($0) }.sorted()
        difference.added.sort()
        difference.changed.sort()
        let changed = Self.comparisons.filter { !$0.isEqual(self, next) }.map(\.key)
        difference.settings = changed.filter { !Self.fixedKeys.contains($0) }
        difference.restartRequired = changed.filter(Self.fixedKeys.contains)
        return difference
    }

    /// `next` as far as it can follow this configuration without a restart: what is fixed for the life of the process
    /// keeps its value.
    public func followed(by next: AgentConfiguration) -> AgentConfiguration {
        var result = next
        // What is equal is kept once, however often it was read.
        let known = Dictionary(certificates.map { ($0.name, $0) }) { first, _ in first }
        for (index, certificate) in result.certificates.enumerated() {
            if let same = known[certificate.name], same == certificate { result.certificates[index] = same }
        }
        result.stateDirectory = stateDirectory
        result.logging.destination = logging.destination
        // It lies in the state directory unless it is named, and that directory stays.
        if next.api.tokenPath == next.standardTokenPath { result.api.tokenPath = standardTokenPath }
        return result
    }

    /// Keys whose values are fixed for the life of the process: the locks lie in the one, and another stream would
    /// split the log.
    static let fixedKeys: Set<String> = ["state_dir", "logging.destination"]

    var standardTokenPath: String { "\(stateDirectory)/api.token" }
}

/// Whether two configurations agree about one key.
private struct Comparison: Sendable {
    let key: String
    let isEqual: @Sendable (AgentConfiguration, AgentConfiguration) -> Bool

    init<Value: Equatable & SendableMetatype>(
        _ key: String, _ value: @escaping @Sendable (AgentConfiguration) -> Value
    ) {
        self.key = key
        isEqual = { value($0) == value($1) }
    }
}

extension AgentConfiguration {
    /// Every key outside `certificates`, in the order of the format.
    private static let comparisons = [
        Comparison("state_dir") { $0.stateDirectory },
        Comparison("check_interval") { $0.checkInterval },
        Comparison("identity.name") { $0.identity.name },
        Comparison("identity.provider") { $0.identity.provider },
        Comparison("identity.cert") { $0.identity.certificatePath },
        Comparison("identity.key") { $0.identity.keyPath },
        Comparison("identity.issuer_ca_bundle") { $0.identity.issuerCABundlePath },
        Comparison("identity.bootstrap_token") { $0.identity.bootstrapTokenPath },
        Comparison("identity.renew_before") { $0.identity.renewBefore },
        Comparison("identity.warn_before") { $0.identity.warnBefore },
        Comparison("identity.step_ca.url") { $0.identity.stepCA.url },
        Comparison("identity.step_ca.fingerprint") { $0.identity.stepCA.trust.fingerprint },
        Comparison("identity.step_ca.root_ca_bundle") { $0.identity.stepCA.trust.bundlePath },
        Comparison("identity.step_ca.timeout") { $0.identity.stepCA.timeout },
        Comparison("broker.url") { $0.broker.url },
        Comparison("broker.failover_urls") { $0.broker.failoverURLs },
        Comparison("broker.server_ca_bundle") { $0.broker.serverCABundlePath },
        Comparison("broker.timeout") { $0.broker.timeout },
        Comparison("renewal.concurrency") { $0.renewal.concurrency },
        Comparison("api.listen") { $0.api.listen },
        Comparison("api.socket") { $0.api.socketPath },
        Comparison("api.socket_group") { $0.api.socketGroup },
        // Where it lies by itself, it moves with the state directory; that is told of there.
        Comparison("api.token_file") { $0.api.tokenPath == $0.standardTokenPath ? nil : $0.api.tokenPath },
        Comparison("logging.level") { $0.logging.level },
        Comparison("logging.format") { $0.logging.format },
        Comparison("logging.destination") { $0.logging.destination },
    ]
}

extension StepCASettings.Trust {
    fileprivate var fingerprint: Fingerprint? {
        if case .fingerprint(let fingerprint) = self { fingerprint } else { nil }
    }
}
