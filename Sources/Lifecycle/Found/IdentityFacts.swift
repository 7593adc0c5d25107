public import FoundationEssentials

/// What a look at the identity's files gave.
public struct FoundIdentity: Hashable, Sendable {
    public var pair: FoundIdentityPair
    /// A bootstrap token lies where the configuration says, and hasn't been refused yet.
    public var hasBootstrapToken: Bool
    /// The pair that this one replaced, kept until a broker has accepted this one.
    public var previous: IdentityFacts?

    public init(
        pair: FoundIdentityPair, hasBootstrapToken: Bool = false, previous: IdentityFacts? = nil
    ) {
        self.pair = pair
        self.previous = previous
        self.hasBootstrapToken = hasBootstrapToken
    }

    var facts: IdentityFacts? { if case .present(let facts) = pair { facts } else { nil } }
}

public enum FoundIdentityPair: Hashable, Sendable {
    case missing
    /// Present but of no use: unreadable, mismatched, for another name. The text says which.
    case unusable(String)
    case present(IdentityFacts)
}

/// The facts of the machine's identity certificate.
public struct IdentityFacts: Hashable, Sendable {
    public var name: String
    public var serial: String
    public var issuer: String
    public var notBefore: Date
    public var notAfter: Date

    public init(name: String, serial: String, issuer: String, notBefore: Date, notAfter: Date) {
        self.name = name
        self.serial = serial
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Inclusive at both ends.
    public var lifetime: Duration { .seconds(notAfter.timeIntervalSince(notBefore) + 1) }
}
