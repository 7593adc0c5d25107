/// The protected header of a token.
struct TokenHeader: Codable, Equatable {
    var algorithm: String
    var keyID: String?
    var type: String?
    /// The chain whose leaf's key signed the token, base64 DER; "insecure" because it may have expired.
    var expiredChain: [String]?

    enum CodingKeys: String, CodingKey {
        case algorithm = "alg"
        case keyID = "kid"
        case type = "typ"
        case expiredChain = "x5cInsecure"
    }
}
