public import FoundationEssentials
import Notation

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

    /// The state in one sentence: what it is, and what comes next.
    public var why: String {
        switch state {
        case .unknown: return "its files have not been looked at yet"
        case .notEnrolled: return "there is none: this host is not enrolled"
        case .unusable: return problem ?? "its files are of no use"
        case .expired:
            let end = facts.map { " at \($0.notAfter.rfc3339)" } ?? ""
            return "it expired\(end)\(renewalCourse)"
        case .valid: return nextRenewalAt.map { "due at \($0.rfc3339)" } ?? "valid"
        case .expiring: return "it is inside its renewal window\(renewalCourse)"
        }
    }

    /// How its renewal goes, behind what makes it due.
    private var renewalCourse: String {
        if isRenewing { return "; being renewed" }
        guard let lastError else { return "; about to be renewed" }
        let failure = "the last try failed (\(lastError.failure.failureClass.rawValue))"
        return "; \(failure)" + (nextAttemptAt.map { "; next try at \($0.rfc3339)" } ?? "")
    }

    public var advice: String? { lastError?.failure.advice ?? state.advice }
}
