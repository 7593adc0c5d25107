public import FoundationEssentials

/// Something the host's state machine wants done. The driver does it, in order, and tells the outcome as an `Input`.
public enum Action: Hashable, Sendable {
    /// Look at the files of these certificates; each ends in `.looked`.
    case look([CertificateName])
    /// Restore outputs from the files at hand; ends in `.rebuilt`.
    case rebuild(ManagedCertificate, Set<Output>)
    /// Ends in `.attemptEnded`.
    case startAttempt(AttemptPlan)
    /// Ends in `.reloadEnded`.
    case startReload(ReloadPlan)
    /// Look at what a service serves; ends in `.served`.
    case verify(VerifyPlan)
    /// Ends in `.identityLooked`.
    case lookAtIdentity
    /// Renew the identity, also after its expiry; ends in `.identityRenewalEnded`.
    case renewIdentity
    /// A broker has accepted the identity: the one before is of no use any more.
    case forgetPreviousIdentity
    /// Every broker refuses the identity: put the one before back if one of these brokers accepts that; ends in
    /// `.identityRestored`.
    case restoreIdentity([BrokerAddress])
    /// Obtain an identity with the bootstrap token; ends in `.identityRenewalEnded`.
    case enroll
    /// Store the record durably before carrying out the actions that follow.
    case persist(CertificateName, CertificateRecord)
    /// Remove what is kept of a certificate that was taken out of the configuration long ago; its outputs stay.
    case forget(CertificateName)
    /// Ask these brokers, in order, how late it is, whatever the wall clock says; ends in `.timeAsked`.
    case askTime([BrokerAddress])
    /// From now on validity is judged by a clock that read this at boottime zero; `nil` for the wall clock.
    case countTime(from: Date?)
    /// Worth a line in the log.
    case report(Event)
}
