public import FoundationEssentials

/// The course of one renewal, or of one reload that was asked for.
public struct RenewalRecord: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case renewal, reload }

    public enum State: String, Hashable, Sendable, CaseIterable {
        case queued, running, reloading
        /// Installed, and the service told where there is one to tell.
        case succeeded
        /// The broker gave what was already there.
        case unchanged
        case failed
        /// Installed, but the service could not be told.
        case reloadFailed = "reload_failed"
        /// The certificate was taken out of the configuration, or the agent stopped, before it could be tried.
        case abandoned

        public var isFinal: Bool {
            switch self {
            case .queued, .running, .reloading: false
            default: true
            }
        }
    }

    public var id: RenewalID
    /// Further requests that joined it.
    public var joined: [RenewalID] = []
    public var certificate: CertificateName
    public var kind: Kind
    public var state: State = .queued
    public var reason: RenewalReason?
    /// In the words of whoever asked; `nil` when nobody did.
    public var requestReason: String?
    public var isForced: Bool
    public var requestedAt: Date
    public var startedAt: Date?
    public var endedAt: Date?
    public var steps: [RenewalStep] = []
    /// The serial of the certificate that was installed or found unchanged.
    public var serial: String?
    public var failure: RenewalFailure?
    /// When the certificate is tried again after a failure.
    public var nextAttemptAt: Date?
    public var warnings: [String] = []

    public init(
        id: RenewalID, certificate: CertificateName, kind: Kind, isForced: Bool, requestedAt: Date
    ) {
        self.id = id
        self.certificate = certificate
        self.kind = kind
        self.isForced = isForced
        self.requestedAt = requestedAt
    }

    public func answers(to id: RenewalID) -> Bool { self.id == id || joined.contains(id) }
}

/// One step of a renewal and how long it took.
public struct RenewalStep: Hashable, Sendable {
    public var stage: Stage
    public var startedAt: Date
    /// `nil` while it runs.
    public var took: Duration?

    public init(stage: Stage, startedAt: Date, took: Duration? = nil) {
        self.stage = stage
        self.startedAt = startedAt
        self.took = took
    }
}
