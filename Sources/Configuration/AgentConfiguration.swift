public import Lifecycle

/// Everything `agent.yml` says, with defaults filled in and every rule of the format kept.
public struct AgentConfiguration: Sendable, Hashable {
    /// Without a trailing slash.
    public var stateDirectory: String
    /// The longest time between two looks at the same certificate's files.
    public var checkInterval: Duration
    public var identity: IdentitySettings
    public var broker: BrokerSettings
    public var renewal: RenewalSettings
    public var api: APISettings
    public var logging: LoggingSettings
    /// In the order of the file; names and output paths are unique.
    public var certificates: [ManagedCertificate]
}

/// The agent's own certificate and where it comes from.
public struct IdentitySettings: Sendable, Hashable {
    public enum Provider: String, Sendable, Hashable, CaseIterable {
        case stepCA = "step-ca"
    }

    /// The common name of the identity certificate.
    public var name: String
    public var provider: Provider
    public var certificatePath: String
    public var keyPath: String
    public var issuerCABundlePath: String
    /// The file of a one-time token, needed for enrolment only.
    public var bootstrapTokenPath: String?
    public var renewBefore: Duration
    public var warnBefore: Duration
    public var stepCA: StepCASettings
}

/// The certificate authority of identities.
public struct StepCASettings: Sendable, Hashable {
    /// What makes the authority's server trusted.
    public enum Trust: Sendable, Hashable {
        /// A PEM file; it wins over a fingerprint beside it.
        case rootBundle(path: String)
        /// The root is fetched and must have this fingerprint.
        case fingerprint(Fingerprint)

        /// The path of the PEM file, if there is one.
        public var bundlePath: String? {
            if case .rootBundle(let path) = self { path } else { nil }
        }
    }

    public var url: HTTPSURL
    public var trust: Trust
    public var timeout: Duration
}

/// The server that service certificates are ordered from.
public struct BrokerSettings: Sendable, Hashable {
    public var url: HTTPSURL
    /// Asked in this order when `url` can't be reached.
    public var failoverURLs: [HTTPSURL]
    public var serverCABundlePath: String
    /// For one whole request.
    public var timeout: Duration
}

public struct RenewalSettings: Sendable, Hashable {
    /// How many certificates are renewed at the same time.
    public var concurrency: Int
}

/// The local API.
public struct APISettings: Sendable, Hashable {
    public var listen: ListenAddress
    /// The path of a Unix socket, when the file names one.
    public var socketPath: String?
    public var socketGroup: String?
    /// The bearer token that changes need.
    public var tokenPath: String
}

public struct LoggingSettings: Sendable, Hashable {
    public enum Level: String, Sendable, Hashable, CaseIterable { case debug, info, warn, error }
    public enum Format: String, Sendable, Hashable, CaseIterable { case text, json }
    public enum Destination: String, Sendable, Hashable, CaseIterable { case stderr, stdout }

    public var level: Level
    public var format: Format
    public var destination: Destination
}
