public import Lifecycle

/// Who may have which certificates: the broker's `policy.yml`.
public struct BrokerPolicy: Equatable, Sendable {
    /// What a profile's names are.
    public enum ProfileType: String, Sendable {
        case wildcard
        case multiSAN = "multi_san"
    }

    /// How the CA is convinced.
    public enum Challenge: String, Sendable {
        case dns01 = "dns-01"
        case http01 = "http-01"
    }

    /// One kind of certificate.
    public struct Profile: Equatable, Sendable {
        public var type: ProfileType
        /// Exactly the names a request must hold.
        public var names: DNSNameSet
        public var challenge: Challenge
        /// The name of the credentials for the challenge.
        public var credentials: String?
        public var renewBefore: Duration
        /// SHA-256 over everything above, hex.
        public var hash: String
    }

    /// One host.
    public struct Host: Equatable, Sendable {
        /// The common name of its identity certificate.
        public var identity: String
        /// The profiles it may ask for.
        public var profiles: Set<String>
    }

    /// By name.
    public var profiles: [String: Profile]
    /// By label.
    public var hosts: [String: Host]

    /// The profile `name`, if the host with this identity may have it.
    public func profile(_ name: String, for identity: String) -> Profile? {
        guard let host = hosts.values.first(where: { $0.identity == identity }) else { return nil }
        return host.profiles.contains(name) ? profiles[name] : nil
    }
}
