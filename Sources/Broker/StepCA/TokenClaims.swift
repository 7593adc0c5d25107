import FoundationEssentials

/// The claims of a bootstrap token and of a token that renews an expired identity.
struct TokenClaims: Codable, Equatable {
    /// The URL the token is meant for; a string or a list on the wire.
    var audiences: [String]
    var issuer: String?
    var subject: String?
    /// The names of the certificate; absent: the subject alone.
    var names: [String]?
    var issuedAt: Int?
    var notBefore: Int?
    var expiresAt: Int?
    var identifier: String?
    /// The root's fingerprint, hex.
    var rootSHA256: String?

    enum CodingKeys: String, CodingKey {
        case audiences = "aud"
        case issuer = "iss"
        case subject = "sub"
        case names = "sans"
        case issuedAt = "iat"
        case notBefore = "nbf"
        case expiresAt = "exp"
        case identifier = "jti"
        case rootSHA256 = "sha"
    }

    init(audience: String, issuer: String, subject: String, names: [String], validFrom: Date, lasting: Int) {
        let start = Int(validFrom.timeIntervalSince1970)
        audiences = [audience]
        self.issuer = issuer
        self.subject = subject
        self.names = names
        issuedAt = start
        notBefore = start
        expiresAt = start + lasting
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // RFC 7519, section 4.1.3: one audience may stand without its list.
        if let one = try? container.decode(String.self, forKey: .audiences) {
            audiences = [one]
        } else {
            audiences = try container.decode([String].self, forKey: .audiences)
        }
        issuer = try container.decodeIfPresent(String.self, forKey: .issuer)
        subject = try container.decodeIfPresent(String.self, forKey: .subject)
        names = try container.decodeIfPresent([String].self, forKey: .names)
        issuedAt = try container.decodeIfPresent(Int.self, forKey: .issuedAt)
        notBefore = try container.decodeIfPresent(Int.self, forKey: .notBefore)
        expiresAt = try container.decodeIfPresent(Int.self, forKey: .expiresAt)
        identifier = try container.decodeIfPresent(String.self, forKey: .identifier)
        rootSHA256 = try container.decodeIfPresent(String.self, forKey: .rootSHA256)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if audiences.count == 1 {
            try container.encode(audiences[0], forKey: .audiences)
        } else {
            try container.encode(audiences, forKey: .audiences)
        }
        try container.encodeIfPresent(issuer, forKey: .issuer)
        try container.encodeIfPresent(subject, forKey: .subject)
        try container.encodeIfPresent(names, forKey: .names)
        try container.encodeIfPresent(issuedAt, forKey: .issuedAt)
        try container.encodeIfPresent(notBefore, forKey: .notBefore)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        try container.encodeIfPresent(identifier, forKey: .identifier)
        try container.encodeIfPresent(rootSHA256, forKey: .rootSHA256)
    }
}

extension TokenClaims {
    /// Why a token is refused; for the lab's log. The caller is told one and the same text for all of them.
    enum Refusal: Error, Equatable {
        case malformed
        case unknownKey
        case badSignature
        case wrongIssuer
        case wrongAudience
        case notYetValid
        case expired
        case incomplete
        case reused
        case untrustedChain
    }

    /// Clocks may differ by so much.
    static let leeway = 60

    /// Holds the claims against what is expected of a token for `path` at `now`.
    func check(issuer expected: String, path: String, now: Date) throws(Refusal) {
        let seconds = Int(now.timeIntervalSince1970)
        guard issuer == expected else { throw .wrongIssuer }
        guard audiences.contains(where: { TokenAudience.matches($0, path: path) }) else {
            throw .wrongAudience
        }
        guard let expiresAt, let subject, !subject.isEmpty, let identifier, !identifier.isEmpty else {
            throw .incomplete
        }
        if let notBefore, notBefore > seconds + Self.leeway { throw .notYetValid }
        if let issuedAt, issuedAt > seconds + Self.leeway { throw .notYetValid }
        guard expiresAt > seconds - Self.leeway else { throw .expired }
    }
}

/// Which audiences mean this CA. Like the real one it looks at host and path and not at the port.
enum TokenAudience {
    static let hosts: Set = ["127.0.0.1", "localhost"]

    /// Whether `audience` is `https://HOST[:PORT][/1.0]PATH`, a fragment aside.
    static func matches(_ audience: String, path: String) -> Bool {
        guard let url = URL(string: audience), url.scheme?.lowercased() == "https" else { return false }
        guard let host = url.host()?.lowercased(), hosts.contains(host) else { return false }
        return url.path() == path || url.path() == "/1.0" + path
    }
}
