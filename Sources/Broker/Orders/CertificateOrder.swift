import Lifecycle
import PKI

/// A request for a certificate that keeps every rule of the protocol and of the policy.
struct CertificateOrder: Sendable {
    let identity: String
    let profileName: String
    let profile: BrokerPolicy.Profile
    let request: SigningRequest

    /// Checks `body` for the holder of `identity`: first its form, then what the policy says.
    init(_ body: [UInt8], from identity: Certificate?, _ policy: BrokerPolicy) throws(OrderRefusal) {
        guard let identity, let name = Self.name(identity) else { throw .unauthorized }
        guard let order = BrokerMessages.OrderRequest(body: body) else { throw .invalidRequest }
        do throws(SigningRequestError) {
            request = try SigningRequest(pem: Array(order.csrPEM.utf8))
        } catch {
            throw .invalidCSR
        }
        guard let profile = policy.profile(order.profile, for: name) else { throw .forbidden }
        guard try Self.names(request) == profile.names else { throw .forbidden }
        self.identity = name
        profileName = order.profile
        self.profile = profile
    }

    /// The key under which its result is kept.
    func cacheKey(issuer: String) -> CacheKey {
        CacheKey(
            identity: identity, profile: profileName, profileHash: profile.hash,
            spkiSHA256: request.publicKey.spkiSHA256, issuer: issuer)
    }

    /// The common name of an identity certificate; nil for one that is none. Its chain and its validity were the
    /// TLS handshake's to check.
    static func name(_ certificate: Certificate) -> String? {
        guard !certificate.isCA, certificate.extendedKeyUsages.contains(.clientAuth) else { return nil }
        guard let name = certificate.subjectCommonName, !name.isEmpty else { return nil }
        return name
    }

    /// All names a request is for, the common name included.
    private static func names(_ request: SigningRequest) throws(OrderRefusal) -> DNSNameSet {
        guard !request.hasOtherNames else { throw .forbidden }
        var names: [DNSName] = []
        for text in request.dnsNames + (request.commonName.map { [$0] } ?? []) {
            do throws(DNSNameProblem) {
                names.append(try DNSName(validating: text))
            } catch {
                throw .invalidCSR
            }
        }
        guard let set = DNSNameSet(names) else { throw .invalidCSR }
        return set
    }
}
