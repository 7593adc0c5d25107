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
    /// Obtain an identity with the bootstrap token; ends in `.identityRenewalEnded`.
    case enroll
    /// Store the record durably before carrying out the actions that follow.
    case persist(CertificateName, CertificateRecord)
    /// Remove what is kept of a certificate that was taken out of the configuration long ago; its outputs stay.
    case forget(CertificateName)
    /// Worth a line in the log.
    case report(Event)
}
