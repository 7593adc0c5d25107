import COpenSSL
public import FoundationEssentials

/// An X.509 certificate as a value: its facts are read once.
public struct Certificate: Sendable {
    public let der: [UInt8]
    /// The block as it was read, or as OpenSSL would write it when it came as DER. Ends with a newline.
    public let pem: String
    /// The serial number in lower-case hexadecimal without leading zeros.
    public let serialHex: String
    /// The whole subject as RFC 2253 writes it.
    public let subjectName: String
    /// The common name, nil when there is none or more than one.
    public let subjectCommonName: String?
    /// The whole issuer as RFC 2253 writes it.
    public let issuerName: String
    public let notBefore: Date
    /// The last second at which the certificate is valid.
    public let notAfter: Date
    /// The DNS names of the alternative names, in their order.
    public let dnsNames: [String]
    /// Whether there are alternative names of other kinds: addresses, mail, URIs.
    public let hasOtherNames: Bool
    /// Whether the basic constraints say CA.
    public let isCA: Bool
    /// Empty when the extension is absent, which permits everything.
    public let extendedKeyUsages: [ExtendedKeyUsage]
    public let publicKey: PublicKey
    /// SHA-256 of `der` in hexadecimal: what is commonly called the fingerprint.
    public let sha256: String
    let object: CertificateHandle

    init(
        der: [UInt8], pem: String, facts: CertificateFacts, publicKey: PublicKey, object: CertificateHandle
    ) {
        self.der = der
        self.pem = pem
        serialHex = facts.serialHex
        subjectName = facts.subjectName
        subjectCommonName = facts.subjectCommonName
        issuerName = facts.issuerName
        notBefore = Date(timeIntervalSince1970: Double(facts.notBefore))
        notAfter = Date(timeIntervalSince1970: Double(facts.notAfter))
        dnsNames = facts.names.dnsNames
        hasOtherNames = facts.names.hasOtherNames
        isCA = facts.isCA
        extendedKeyUsages = facts.extendedKeyUsages
        self.publicKey = publicKey
        sha256 = SHA256.hex(der)
        self.object = object
    }
}

/// The C object of a certificate, which all copies of the value share: OpenSSL 3.0 takes longer to make one than for
/// anything that is done with it.
///
/// Only ever read. What OpenSSL notes in it meanwhile, it notes under its own locks, as for the certificates that
/// connections share.
final class CertificateHandle: @unchecked Sendable {
    let owned: Owned<CertificateObject>

    init(_ owned: consuming Owned<CertificateObject>) { self.owned = owned }

    func withPointer<Result: ~Copyable, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe owned.withPointer(body)
    }
}

extension Certificate {
    public var spkiSHA256: String { publicKey.spkiSHA256 }

    public var publicKeyAlgorithm: KeyAlgorithm? { publicKey.algorithm }

    /// From `notBefore` to `notAfter`, both seconds included (RFC 5280, 4.1.2.5).
    public var lifetime: Duration { .seconds(notAfter.timeIntervalSince(notBefore) + 1) }

    /// Whether `date` lies in the validity, both ends included.
    public func isValid(at date: Date) -> Bool { notBefore <= date && date < notAfter + 1 }

    /// Whether the certificate may be used for `usage`: it says so, or it says nothing about usages.
    public func permits(_ usage: ExtendedKeyUsage) -> Bool {
        extendedKeyUsages.isEmpty || extendedKeyUsages.contains(usage) || extendedKeyUsages.contains(.any)
    }

    public func matches(_ key: borrowing PrivateKey) -> Bool { matches(key.publicKey) }

    public func matches(_ key: PublicKey) -> Bool { publicKey == key }
}

extension Certificate: Hashable {
    public static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }

    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }
}

/// What a certificate's key may be used for, by object identifier.
public struct ExtendedKeyUsage: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let serverAuth = ExtendedKeyUsage(rawValue: "1.3.6.1.5.5.7.3.1")
    public static let clientAuth = ExtendedKeyUsage(rawValue: "1.3.6.1.5.5.7.3.2")
    public static let any = ExtendedKeyUsage(rawValue: "2.5.29.37.0")
}
