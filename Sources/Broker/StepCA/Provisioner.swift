import FoundationEssentials
import PKI

/// The lab's JWK provisioner: makes bootstrap tokens and knows its own again.
final class Provisioner: Sendable {
    /// The issuer of its tokens.
    static let name = "lab"
    /// What the issuer of a token is that renews an expired identity.
    static let renewalIssuer = "step-ca-client/1.0"

    private let key: PrivateKey
    private let keyID: String

    /// A provisioner with a P-256 key.
    init(key: consuming PrivateKey) throws(OpenSSLError) {
        keyID = try key.publicKey.jsonWebKey()?.thumbprint ?? ""
        self.key = key
    }

    /// A token with which `subject` may once get a certificate for `names`, for five minutes from `validFrom`.
    func token(
        subject: String, names: [String], audience: String, rootSHA256: String, validFrom: Date
    ) throws(JWSError) -> String {
        var claims = TokenClaims(
            audience: audience, issuer: Self.name, subject: subject, names: names, validFrom: validFrom,
            lasting: 300)
        claims.rootSHA256 = rootSHA256
        do throws(OpenSSLError) {
            claims.identifier = Base64.url.encode(try randomBytes(32))
        } catch {
            throw .openSSL(error)
        }
        return try sign(claims)
    }

    /// `claims` as a token, whatever they say.
    func sign(_ claims: TokenClaims) throws(JWSError) -> String {
        let header = TokenHeader(algorithm: "ES256", keyID: keyID, type: "JWT")
        return try JWS(header: JSONText.encode(header), payload: JSONText.encode(claims), signedBy: key)
            .compact
    }

    /// The claims of a bootstrap token, after every check but that of reuse.
    func verify(_ token: String, now: Date) throws(TokenClaims.Refusal) -> TokenClaims {
        let (jws, header, claims) = try SignedToken.read(token)
        guard header.keyID == keyID else { throw .unknownKey }
        try SignedToken.check(jws, signedBy: key.publicKey, header)
        try claims.check(issuer: Self.name, path: "/sign", now: now)
        return claims
    }
}
