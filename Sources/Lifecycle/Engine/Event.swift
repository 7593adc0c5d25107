public import FoundationEssentials

/// What the log is told about.
public enum Event: Hashable, Sendable {
    case windowClamped(CertificateName, configured: Duration, effective: Duration)
    case notDue(CertificateName, notAfter: Date)
    case attemptStarted(CertificateName, profile: String, RenewalReason)
    case certificateInstalled(CertificateName, profile: String, IssuedReport)
    case certificateUnchanged(CertificateName, serial: String)
    /// `repeats`: how many times in a row it failed in this same way; 1 for the first.
    case attemptFailed(CertificateName, profile: String, RenewalFailure, nextAttemptAt: Date?, repeats: Int)
    case rebuilt(CertificateName, [Output])
    case rebuildFailed(CertificateName, RenewalFailure)
    case reloadStarted([CertificateName], command: String)
    case reloadCompleted([CertificateName], took: Duration)
    case reloadFailed([CertificateName], RenewalFailure, nextAttemptAt: Date, attempts: Int)
    /// What a service serves is not as it was.
    case servedChanged(CertificateName, ServedObservation)
    case budgetSpent(CertificateName, orders: Int, limit: Int, nextOrderAt: Date)

    case ordersHeld(Hold)
    case ordersResumed
    /// With what is wrong with its files, if something is.
    case identityChanged(IdentityState, problem: String? = nil)
    case identityInsideWindow(notAfter: Date)
    case identityCloseToExpiration(notAfter: Date)
    case identityRenewed(IdentityFacts)
    case identityRenewalFailed(RenewalFailure, nextAttemptAt: Date)
    case clockStepped(by: Duration)
}

/// Why no certificate of the host is ordered for the moment.
public enum Hold: Hashable, Sendable {
    case identity(IdentityState)
    case brokerUnreachable(nextProbeAt: Date)
    case rateLimited(until: Date)
}
