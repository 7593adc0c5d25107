import FoundationEssentials
import Notation
import PKI

/// The token with which step-ca renews an identity after its expiry: signed by the identity's own key, with the
/// expired certificate in the header `x5cInsecure`. step-ca takes each only once.
struct ExpiredIdentityToken {
    /// step-ca's address.
    let url: String
    let chain: CertificateChain

    private static let lifetime = 300

    private struct Header: Encodable {
        var alg: String
        var typ = "JWT"
        var x5cInsecure: [String]
    }

    private struct Claims: Encodable {
        var iss = "step-ca-client/1.0"
        var aud: String
        var sub: String
        var iat: Int
        var nbf: Int
        var exp: Int
        var jti: String
    }

    func signed(with key: borrowing PrivateKey, at now: Date) throws -> String {
        guard let algorithm = JWSAlgorithm(key.algorithm) else {
            throw JWSError.unsupportedKey(key.algorithmDescription)
        }
        let seconds = Int(now.timeIntervalSince1970)
        let header = Header(
            alg: algorithm.rawValue, x5cInsecure: chain.certificates.map { Base64.standard.encode($0.der) })
        let claims = Claims(
            aud: url + "/1.0/renew", sub: chain.leaf.subjectCommonName ?? "", iat: seconds, nbf: seconds,
            exp: seconds + Self.lifetime, jti: Hexadecimal.text(try randomBytes(16)))
        return try JWS(
            header: JSON.encode(header), payload: JSON.encode(claims), signedBy: key
        ).compact
    }
}
