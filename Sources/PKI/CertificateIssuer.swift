/// A certification authority: its certificate and the key to it. For the lab and for tests.
public final class CertificateIssuer: Sendable {
    public let certificate: Certificate
    private let key: PrivateKey

    /// Takes up an authority that exists; nil when the key is not the certificate's.
    public init?(certificate: Certificate, key: consuming PrivateKey) {
        guard certificate.matches(key) else { return nil }
        self.certificate = certificate
        self.key = key
    }

    private init(issued certificate: Certificate, key: consuming PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Makes a root, which signs itself.
    public static func selfSigned(
        _ template: CertificateTemplate, key: consuming PrivateKey
    ) throws(CertificateIssuingError) -> CertificateIssuer {
        let certificate = try CertificateIssuer.sign(template, for: key.publicKey, issuer: nil, key: key)
        return CertificateIssuer(issued: certificate, key: key)
    }

    /// Makes an authority below this one.
    public func subordinate(
        _ template: CertificateTemplate, key: consuming PrivateKey
    ) throws(CertificateIssuingError) -> CertificateIssuer {
        CertificateIssuer(issued: try issue(template, for: key.publicKey), key: key)
    }

    /// Signs what `template` says about `publicKey`.
    public func issue(
        _ template: CertificateTemplate, for publicKey: PublicKey
    ) throws(CertificateIssuingError) -> Certificate {
        try CertificateIssuer.sign(template, for: publicKey, issuer: certificate, key: key)
    }

    /// The authority's key as PKCS#8, to be kept with its certificate.
    public func keyPEM() throws(OpenSSLError) -> SecretBytes { try key.pkcs8PEM() }
}

/// Why a certificate could not be made.
public enum CertificateIssuingError: Error, Hashable, Sendable, CustomStringConvertible {
    case openSSL(OpenSSLError)
    /// What was made cannot be read back.
    case unreadable(CertificateError)

    public var description: String {
        switch self {
        case .openSSL(let error): error.description
        case .unreadable(let error): error.description
        }
    }
}
