/// A certificate as the configuration wants it.
public struct ManagedCertificate: Hashable, Sendable {
    /// The whole wish: settings, state machine and snapshot hold the same one.
    private struct Wish: Hashable, Sendable {
        var name: CertificateName
        var profile: String
        var dnsNames: DNSNameSet
        var keyType: KeyType
        var reusesKey: Bool
        var outputs: OutputPaths
        var ownership: FileOwnership
        var reload: ReloadSetting?
        var renewBefore: RenewBefore
        var verify: VerifyTarget?
    }

    private var wish: Shared<Wish>

    public init(
        name: CertificateName, profile: String, dnsNames: DNSNameSet, keyType: KeyType = .ecP256,
        reusesKey: Bool = false, outputs: OutputPaths, ownership: FileOwnership = FileOwnership(),
        reload: ReloadSetting? = nil, renewBefore: RenewBefore = .standard, verify: VerifyTarget? = nil
    ) {
        wish = Shared(
            Wish(
                name: name, profile: profile, dnsNames: dnsNames, keyType: keyType, reusesKey: reusesKey,
                outputs: outputs, ownership: ownership, reload: reload, renewBefore: renewBefore,
                verify: verify))
    }

    public var name: CertificateName {
        get { wish.value.name }
        set { wish.value.name = newValue }
    }
    /// The broker's profile that grants the names.
    public var profile: String {
        get { wish.value.profile }
        set { wish.value.profile = newValue }
    }
    public var dnsNames: DNSNameSet {
        get { wish.value.dnsNames }
        set { wish.value.dnsNames = newValue }
    }
    public var keyType: KeyType {
        get { wish.value.keyType }
        set { wish.value.keyType = newValue }
    }
    /// Keep the private key at renewal instead of making a new one.
    public var reusesKey: Bool {
        get { wish.value.reusesKey }
        set { wish.value.reusesKey = newValue }
    }
    public var outputs: OutputPaths {
        get { wish.value.outputs }
        set { wish.value.outputs = newValue }
    }
    public var ownership: FileOwnership {
        get { wish.value.ownership }
        set { wish.value.ownership = newValue }
    }
    public var reload: ReloadSetting? {
        get { wish.value.reload }
        set { wish.value.reload = newValue }
    }
    public var renewBefore: RenewBefore {
        get { wish.value.renewBefore }
        set { wish.value.renewBefore = newValue }
    }
    public var verify: VerifyTarget? {
        get { wish.value.verify }
        set { wish.value.verify = newValue }
    }
}

extension ManagedCertificate {
    /// The same, with memory of its own for every text: nothing of what it was made from is held any longer.
    public func detached() -> ManagedCertificate {
        ManagedCertificate(
            name: name.detached(), profile: profile.detached(), dnsNames: dnsNames.detached(),
            keyType: keyType, reusesKey: reusesKey,
            outputs: OutputPaths(
                key: outputs.key.detached(), cert: outputs.cert.detached(), chain: outputs.chain.detached(),
                fullchain: outputs.fullchain.detached(), combined: outputs.combined?.detached()),
            ownership: ownership, reload: reload, renewBefore: renewBefore, verify: verify)
    }
}

extension String {
    func detached() -> String { String(decoding: Array(utf8), as: UTF8.self) }
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
    public var isShareable: Bool {
        var rest = command.utf8[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "C")) {
            if rest[start...].starts(with: "CERTPLANE_".utf8) { return false }
            rest = rest[rest.index(after: start)...]
        }
        return true
    }
}

extension ManagedCertificate {
    /// Whether an order for one is an order for the other.
    func isOrdered(like other: ManagedCertificate) -> Bool {
        dnsNames == other.dnsNames && profile == other.profile && keyType == other.keyType
    }

    /// Whether nothing differs but what follows an install.
    func isOrderedAndInstalled(like other: ManagedCertificate) -> Bool {
        var same = self
        (same.reload, same.verify) = (other.reload, other.verify)
        return same == other
    }
}
