/// The tokens that were used, so that none is used twice.
struct UsedTokens: Sendable {
    private var expiries: [String: Int] = [:]

    /// Notes the use of a token, known by issuer and identifier; false when it was used before. Tokens that have
    /// expired are forgotten: they are refused for that already.
    mutating func use(_ claims: TokenClaims, now: Int) -> Bool {
        expiries = expiries.filter { $0.value > now - TokenClaims.leeway }
        let name = "\(claims.issuer ?? "")\n\(claims.identifier ?? "")"
        return expiries.updateValue(claims.expiresAt ?? now, forKey: name) == nil
    }
}
