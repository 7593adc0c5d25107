import FoundationEssentials

/// The body of `POST /v1/certificates`. Upstream's broker reads at most `maximumBytes` of it.
struct CertificateRequestBody: Encodable {
    static let maximumBytes = 65_536

    var profile: String
    var signingRequestPEM: String

    enum CodingKeys: String, CodingKey {
        case profile
        case signingRequestPEM = "csr_pem"
    }
}

/// The broker's answer with status 200, as it came: nothing in it has been checked.
public struct UncheckedBundle: Decodable, Sendable, Equatable {
    public var certificatePEM: String
    public var chainPEM: String
    public var fullchainPEM: String
    /// Lower-case hexadecimal without leading zeros.
    public var serialNumber: String
    /// RFC 3339, UTC.
    public var notBefore: String
    public var notAfter: String
    /// `hit` when the broker handed out a bundle that it had already.
    public var cache: String?

    enum CodingKeys: String, CodingKey {
        case certificatePEM = "cert_pem"
        case chainPEM = "chain_pem"
        case fullchainPEM = "fullchain_pem"
        case serialNumber = "serial_number"
        case notBefore = "not_before"
        case notAfter = "not_after"
        case cache
    }

    public init(
        certificatePEM: String, chainPEM: String, fullchainPEM: String, serialNumber: String,
        notBefore: String,
        notAfter: String, cache: String? = nil
    ) {
        self.certificatePEM = certificatePEM
        self.chainPEM = chainPEM
        self.fullchainPEM = fullchainPEM
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.cache = cache
    }
}

/// The body of the broker's refusals: `{"error": "…"}`.
struct BrokerErrorBody: Decodable {
    var error: String
}
