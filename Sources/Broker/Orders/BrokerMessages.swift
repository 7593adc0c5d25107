import FoundationEssentials

/// The bodies of `POST /v1/certificates` and of the broker's errors.
enum BrokerMessages {
    /// Bytes of a request's body, at most.
    static let largestRequest = 65_536

    /// `{"profile", "csr_pem"}`; fields besides are ignored.
    struct OrderRequest: Codable, Equatable {
        var profile: String
        var csrPEM: String

        enum CodingKeys: String, CodingKey {
            case profile
            case csrPEM = "csr_pem"
        }

        /// The order in `body`, or nil when it is not JSON of that shape, lacks something, or is too large.
        init?(body: [UInt8]) {
            guard body.count <= largestRequest else { return nil }
            // Any way of not being this JSON is the same "invalid request" to the caller.
            guard let order = try? JSONDecoder().decode(Self.self, from: Data(body)) else { return nil }
            guard !order.profile.isEmpty, !order.csrPEM.isEmpty else { return nil }
            self = order
        }
    }

    /// Whether the caller caused an order.
    enum CacheWord: String, Encodable {
        case hit
        case miss
    }

    private struct Bundle: Encodable {
        var certificate: String
        var chain: String
        var fullchain: String
        var serial: String
        var notBefore: String
        var notAfter: String
        var cache: CacheWord

        enum CodingKeys: String, CodingKey {
            case certificate = "cert_pem"
            case chain = "chain_pem"
            case fullchain = "fullchain_pem"
            case serial = "serial_number"
            case notBefore = "not_before"
            case notAfter = "not_after"
            case cache
        }
    }

    private struct Failure: Encodable {
        var error: String
    }

    /// The body of a 200. `fullchain` is leaf and chain unless a fault wants another.
    static func bundle(_ bundle: IssuedBundle, fullchain: String? = nil, cache: CacheWord) -> [UInt8] {
        JSONText.encode(
            Bundle(
                certificate: bundle.certificatePEM, chain: bundle.chainPEM,
                fullchain: fullchain ?? bundle.certificatePEM + bundle.chainPEM, serial: bundle.serialHex,
                notBefore: bundle.notBefore.ISO8601Format(), notAfter: bundle.notAfter.ISO8601Format(),
                cache: cache))
    }

    /// The body of every error but 404 and 405.
    static func failure(_ error: String) -> [UInt8] { JSONText.encode(Failure(error: error)) }
}
