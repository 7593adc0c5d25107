import FoundationEssentials
import PKI

/// What both kinds of tokens have in common.
enum SignedToken {
    /// Takes a token apart; nothing is verified.
    static func read(
        _ token: String
    ) throws(TokenClaims.Refusal) -> (jws: JWS, header: TokenHeader, claims: TokenClaims) {
        do {
            let jws = try JWS(compact: token)
            let header = try JSONDecoder().decode(TokenHeader.self, from: Data(jws.header))
            let claims = try JSONDecoder().decode(TokenClaims.self, from: Data(jws.payload))
            return (jws, header, claims)
        } catch {
            throw .malformed
        }
    }

    /// Holds the signature against the one algorithm that goes with `key`, which the header must name.
    static func check(_ jws: JWS, signedBy key: PublicKey, _ header: TokenHeader) throws(TokenClaims.Refusal)
    {
        guard let algorithm = JWSAlgorithm(key.algorithm), header.algorithm == algorithm.rawValue else {
            throw .badSignature
        }
        // A signature that OpenSSL can't even look at is as bad as a wrong one.
        let isGenuine = (try? jws.isSigned(by: key, algorithm)) ?? false
        guard isGenuine else { throw .badSignature }
    }
}
