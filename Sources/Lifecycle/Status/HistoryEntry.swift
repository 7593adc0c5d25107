public import FoundationEssentials

/// One line in the history of a certificate. The same thing again and again is one line with a count.
public struct HistoryEntry: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case requested
        case reloadRequested = "reload_requested"
        case installed
        case unchanged
        case failed
        case reloaded
        case reloadFailed = "reload_failed"
        case rebuilt
        case rebuildFailed = "rebuild_failed"
        case budgetSpent = "budget_spent"
    }

    public var kind: Kind
    /// When it happened, the last time.
    public var at: Date
    /// When it happened the first time in a row.
    public var firstAt: Date
    /// How many times in a row.
    public var count = 1
    /// The renewal that it belongs to, as the ledger names it.
    public var renewal: RenewalID?
    /// Why the certificate was renewed.
    public var reason: RenewalReason?
    /// The certificate that was installed or found unchanged, and until when it is valid.
    public var serial: String?
    public var notAfter: Date?
    /// Where and how it failed.
    public var stage: Stage?
    public var failureClass: FailureClass?
    /// In words: what failed, or why somebody asked.
    public private(set) var detail: String?

    static let longestDetail = 200

    public init(_ kind: Kind, at: Date, detail: String? = nil) {
        self.kind = kind
        self.at = at
        firstAt = at
        self.detail = detail.map { Printable.line($0, limit: Self.longestDetail) }
    }

    public init(_ kind: Kind, at: Date, _ failure: RenewalFailure) {
        self.init(kind, at: at, detail: failure.detail)
        stage = failure.stage
        failureClass = failure.failureClass
    }

    /// Whether `later` is the same thing once more.
    func isRepeated(by later: HistoryEntry) -> Bool {
        switch kind {
        case .failed, .reloadFailed, .rebuildFailed, .unchanged, .budgetSpent, .reloaded, .rebuilt:
            kind == later.kind && stage == later.stage && failureClass == later.failureClass
                && serial == later.serial
        case .requested, .reloadRequested, .installed: false
        }
    }
}
