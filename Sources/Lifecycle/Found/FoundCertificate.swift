public import FoundationEssentials

/// What a look at the disk gave for one certificate. The disk is the truth.
public struct FoundCertificate: Hashable, Sendable {
    public var certificate: FoundLeaf
    public var key: FoundKey
    /// Configured outputs that are missing or differ and that the files at hand can restore without an order.
    public var rebuildable: Set<Output>
    /// Configured outputs that are missing or differ and that only a new order can restore.
    public var lost: Set<Output>

    public init(
        certificate: FoundLeaf, key: FoundKey, rebuildable: Set<Output> = [], lost: Set<Output> = []
    ) {
        self.certificate = certificate
        self.key = key
        self.rebuildable = rebuildable
        self.lost = lost
    }

    /// The certificate in the certificate file, whatever the state of the other files.
    public var installed: InstalledCertificate? {
        if case .installed(let certificate) = certificate { certificate } else { nil }
    }

    /// What is still known when the outputs are wanted at `next`: nothing when certificate or key are others then. How
    /// the rest of the outputs stands shows at the next look.
    func kept(of former: OutputPaths, for next: OutputPaths) -> FoundCertificate? {
        if former == next { return self }
        guard former.cert == next.cert, former.key == next.key else { return nil }
        return FoundCertificate(certificate: certificate, key: key)
    }
}

public enum FoundLeaf: Hashable, Sendable {
    case missing
    /// Present, but no certificate could be read from it; the text says why.
    case unreadable(String)
    case installed(InstalledCertificate)
}

/// The key file, as seen beside the certificate.
public enum FoundKey: Hashable, Sendable {
    case missing
    /// Present, but no key could be read from it; the text says why.
    case unreadable(String)
    case matches
    /// A key of another certificate; also said of a key without any certificate.
    case mismatch
}

/// The facts of a certificate on disk.
public struct InstalledCertificate: Hashable, Sendable {
    private struct Facts: Hashable, Sendable {
        var serial: String
        var notBefore: Date
        var notAfter: Date
        var dnsNames: [String]
        var keyType: KeyType?
        var issuer: String
        var sha256: String
        var spkiSHA256: String
    }

    /// Found once and told to many: inventory, state machine and snapshot.
    private var facts: Shared<Facts>

    public init(
        serial: String, notBefore: Date, notAfter: Date, dnsNames: [String], keyType: KeyType?,
        issuer: String,
        sha256: String, spkiSHA256: String
    ) {
        facts = Shared(
            Facts(
                serial: serial, notBefore: notBefore, notAfter: notAfter, dnsNames: dnsNames,
                keyType: keyType, issuer: issuer, sha256: sha256, spkiSHA256: spkiSHA256))
    }

    /// Lower-case hex without leading zeros.
    public var serial: String {
        get { facts.value.serial }
        set { facts.value.serial = newValue }
    }
    public var notBefore: Date {
        get { facts.value.notBefore }
        set { facts.value.notBefore = newValue }
    }
    public var notAfter: Date {
        get { facts.value.notAfter }
        set { facts.value.notAfter = newValue }
    }
    public var dnsNames: [String] {
        get { facts.value.dnsNames }
        set { facts.value.dnsNames = newValue }
    }
    /// `nil` when the key is of a kind that can't be configured.
    public var keyType: KeyType? {
        get { facts.value.keyType }
        set { facts.value.keyType = newValue }
    }
    public var issuer: String {
        get { facts.value.issuer }
        set { facts.value.issuer = newValue }
    }
    /// SHA-256 of the certificate's DER, hex.
    public var sha256: String {
        get { facts.value.sha256 }
        set { facts.value.sha256 = newValue }
    }
    /// SHA-256 of its public key's SubjectPublicKeyInfo, hex.
    public var spkiSHA256: String {
        get { facts.value.spkiSHA256 }
        set { facts.value.spkiSHA256 = newValue }
    }

    /// Inclusive at both ends (RFC 5280, 4.1.2.5).
    public var lifetime: Duration { .seconds(notAfter.timeIntervalSince(notBefore) + 1) }

    /// How much of the life is left: 1 when new, 0 when expired.
    public func lifeLeft(at now: Date) -> Double {
        let whole = notAfter.timeIntervalSince(notBefore) + 1
        return whole > 0 ? min(max(notAfter.timeIntervalSince(now) / whole, 0), 1) : 0
    }
}
