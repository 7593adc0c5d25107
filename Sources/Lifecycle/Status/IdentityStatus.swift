public import FoundationEssentials

/// The one current state of the machine's identity.
public enum IdentityState: String, Hashable, Sendable, CaseIterable {
    /// Not looked at yet.
    case unknown
    case notEnrolled = "not_enrolled"
    /// Files are there, but of no use.
    case unusable = "identity_unusable"
    case expired = "identity_expired"
    case valid
    /// Valid, inside its renewal window.
    case expiring

    /// Whether orders can be made with it.
    public var isUsable: Bool { self == .valid || self == .expiring }

    /// What a person should do, if anything.
    public var advice: String? {
        switch self {
        case .unknown, .valid, .expiring: nil
        case .notEnrolled: FailureClass.notEnrolled.advice
        case .unusable: FailureClass.identityUnusable.advice
        case .expired: FailureClass.identityExpired.advice
        }
    }
}

public struct IdentityStatus: Hashable, Sendable {
    /// As configured.
    public var name: String
    public var state: IdentityState
    /// Why it is of no use, when it is.
    public var problem: String?
    public var facts: IdentityFacts?
    public var effectiveRenewBefore: Duration?
    /// When it is (or was) due.
    public var nextRenewalAt: Date?
    public var nextAttemptAt: Date?
    public var isRenewing = false
    public var consecutiveFailures = 0
    public var lastError: RecordedError?
    public var lastSuccessAt: Date?
    public var renewals = ResultCounts()

    public init(name: String, state: IdentityState = .unknown) {
        self.name = name
        self.state = state
    }

    public var advice: String? { lastError?.failure.advice ?? state.advice }
}
