public import FoundationEssentials

/// What the log is told about.
public enum Event: Hashable, Sendable {
    case windowClamped(CertificateName, configured: Duration, effective: Duration)
    case notDue(CertificateName, notAfter: Date)
    case attemptStarted(CertificateName, profile: String, RenewalReason)
    case certificateInstalled(CertificateName, profile: String, IssuedReport)
    case certificateUnchanged(CertificateName, serial: String)
    /// What it was due for is mended.
    case notNeeded(CertificateName)
    /// `repeats`: how many times in a row it failed in this same way; 1 for the first.
    case attemptFailed(CertificateName, profile: String, RenewalFailure, nextAttemptAt: Date?, repeats: Int)
    case rebuilt(CertificateName, [Output])
    case rebuildFailed(CertificateName, RenewalFailure)
    case reloadStarted([CertificateName], command: String)
    case reloadCompleted([CertificateName], took: Duration)
    case reloadFailed([CertificateName], RenewalFailure, nextAttemptAt: Date, attempts: Int)
    /// What a service serves is not as it was.
    case servedChanged(CertificateName, ServedObservation)
    /// The directory of its files hangs.
    case filesUnanswered(CertificateName, path: String)
    case filesAnswered(CertificateName)
    case budgetSpent(CertificateName, orders: Int, limit: Int, nextOrderAt: Date)

    /// No broker may be asked any more, the last one for this.
    case ordersHeld(Hold)
    case ordersResumed
    /// One broker may not be asked, others may.
    case brokerHeld(BrokerAddress, Hold)
    case brokerResumed(BrokerAddress)
    /// Nothing could be sent to the first; the same attempt goes on with the second.
    case brokerFailedOver(CertificateName, from: BrokerAddress, to: BrokerAddress, RenewalFailure)
    /// With what is wrong with its files, if something is.
    case identityChanged(IdentityState, problem: String? = nil)
    case identityInsideWindow(notAfter: Date)
    case identityCloseToExpiration(notAfter: Date)
    case identityRenewed(IdentityFacts)
    case identityRenewalFailed(RenewalFailure, nextAttemptAt: Date)
    /// Every broker refused the first; the second, which it had replaced, is in place again.
    case identityRestored(refused: IdentityFacts, restored: IdentityFacts, nextAttemptAt: Date)
    case identityNotRestored(RenewalFailure)
    /// The time that counts was set.
    case clockStepped(by: Duration)
    /// The wall clock can't be believed until a broker tells the time.
    case clockDoubted
    /// The wall clock is off by this, positive when ahead; a broker's time counts.
    case clockRefuted(skew: Duration)
    case clockBelieved(skew: Duration?)
}

/// Why no certificate of the host is ordered for the moment.
public enum Hold: Hashable, Sendable {
    case identity(IdentityState)
    case brokerUnreachable(nextProbeAt: Date)
    case rateLimited(until: Date)
}
