/// A certificate as the configuration wants it.
public struct ManagedCertificate: Hashable, Sendable {
    public var name: CertificateName
    /// The broker's profile that grants the names.
    public var profile: String
    public var dnsNames: DNSNameSet
    public var keyType: KeyType
    /// Keep the private key at renewal instead of making a new one.
    public var reusesKey: Bool
    public var outputs: OutputPaths
    public var ownership: FileOwnership
    public var reload: ReloadSetting?
    public var renewBefore: RenewBefore
    public var verify: VerifyTarget?

    public init(
        name: CertificateName, profile: String, dnsNames: DNSNameSet, keyType: KeyType = .ecP256,
        reusesKey: Bool = false, outputs: OutputPaths, ownership: FileOwnership = FileOwnership(),
        reload: ReloadSetting? = nil, renewBefore: RenewBefore = .standard, verify: VerifyTarget? = nil
    ) {
        self.name = name
        self.profile = profile
        self.dnsNames = dnsNames
        self.keyType = keyType
        self.reusesKey = reusesKey
        self.outputs = outputs
        self.ownership = ownership
        self.reload = reload
        self.renewBefore = renewBefore
        self.verify = verify
    }
}

/// When to renew, counted back from the end of a certificate's life.
public enum RenewBefore: Hashable, Sendable {
    /// Nothing configured: the default, clamped to a share of the life.
    case standard
    case explicit(Duration)
}

/// Where to connect after a reload to see which certificate is served.
public struct VerifyTarget: Hashable, Sendable {
    public var address: String
    public var serverName: String?
    public var interval: Duration

    public init(address: String, serverName: String? = nil, interval: Duration = .seconds(3600)) {
        self.address = address
        self.serverName = serverName
        self.interval = interval
    }
}

/// The command that makes a service read its new certificate.
public struct ReloadSetting: Hashable, Sendable {
    public var command: String
    public var timeout: Duration

    public init(command: String, timeout: Duration = .seconds(30)) {
        self.command = command
        self.timeout = timeout
    }

    /// Whether one run may serve several certificates: not when the command asks which certificate it is for.
    public var isShareable: Bool { !command.indices.contains { command[$0...].hasPrefix("CERTPLANE_") } }
}
