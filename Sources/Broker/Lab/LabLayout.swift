/// Where the lab keeps what, under its directory.
public struct LabLayout: Equatable, Sendable {
    /// Absolute, without a slash at its end.
    public var root: String

    public init(root: String) {
        self.root = root
    }

    /// The configuration of an agent for this lab.
    public var agentConfiguration: String { root + "/agent.yml" }
    /// Who may have what.
    public var policy: String { root + "/policy.yml" }
    /// The one-time token for `certplane-agent enroll`.
    public var bootstrapToken: String { root + "/bootstrap-token" }
    /// The faults in force, one spec a line.
    public var faults: String { root + "/faults" }
    /// The agent's state directory.
    public var agentState: String { root + "/agent" }
    /// The agent's outputs.
    public var outputs: String { root + "/certs" }
    /// The bundles an agent trusts.
    public var bundles: String { root + "/ca" }
    /// The lab's own keys and certificates.
    public var authority: String { root + "/authority" }

    /// The root of the identities and of both servers.
    public var stepCARoot: String { bundles + "/step-ca-root.crt" }
    /// What identities are checked against.
    public var agentIdentityBundle: String { bundles + "/agent-identity-ca-bundle.crt" }
    /// What the broker's server certificate is checked against.
    public var brokerServerBundle: String { bundles + "/broker-server-ca-bundle.crt" }
    /// The root of the service certificates.
    public var serviceRoot: String { bundles + "/service-root.crt" }

    /// The agent's identity certificate and key.
    public var identityCertificate: String { agentState + "/identity.crt" }
    public var identityKey: String { agentState + "/identity.key" }

    /// A certificate's output `file`.
    public func output(_ certificate: String, _ file: String) -> String {
        "\(outputs)/\(certificate)/\(file)"
    }
}
