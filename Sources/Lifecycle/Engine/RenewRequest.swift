/// Somebody's wish for a renewal now.
public struct RenewRequest: Hashable, Sendable, Codable {
    /// In the words of whoever asked.
    public var reason: String?
    /// Whether the reload command runs after the install.
    public var reload: Bool
    /// Change the key even if the certificate keeps its key otherwise.
    public var rotateKey: Bool
    /// Go on although the order budget is spent.
    public var overBudget: Bool

    public init(reason: String? = nil, reload: Bool = true, rotateKey: Bool = false, overBudget: Bool = false)
    {
        self.reason = reason
        self.reload = reload
        self.rotateKey = rotateKey
        self.overBudget = overBudget
    }

    /// One wish that fulfils both.
    public func merged(with other: RenewRequest) -> RenewRequest {
        RenewRequest(
            reason: reason ?? other.reason, reload: reload || other.reload,
            rotateKey: rotateKey || other.rotateKey,
            overBudget: overBudget || other.overBudget)
    }
}

/// Names one renewal or reload that was begun or asked for.
public struct RenewalID: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }
}
