public import FoundationEssentials

/// What a certificate is to say, apart from its key and its issuer.
public struct CertificateTemplate: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Signs other certificates; at most `maximumIntermediates` may stand between it and a leaf.
        case authority(maximumIntermediates: Int? = nil)
        /// No usages at all leaves the extension out.
        case leaf(usages: [ExtendedKeyUsage] = [.serverAuth, .clientAuth])
    }

    public var commonName: String?
    public var organization: String?
    public var dnsNames: [String]
    /// IPv4 and IPv6 addresses as text.
    public var addresses: [String]
    /// Fractions of a second are dropped: certificates have none.
    public var notBefore: Date
    /// The last second at which the certificate is valid.
    public var notAfter: Date
    public var role: Role
    /// Big-endian and positive; nil asks for 128 random bits.
    public var serial: [UInt8]?

    public init(
        commonName: String?, organization: String? = nil, dnsNames: [String] = [], addresses: [String] = [],
        notBefore: Date, notAfter: Date, role: Role, serial: [UInt8]? = nil
    ) {
        self.commonName = commonName
        self.organization = organization
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.role = role
        self.serial = serial
    }
}
