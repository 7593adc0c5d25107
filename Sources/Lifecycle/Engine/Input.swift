/// Something that happened, told to the host's state machine.
public enum Input: Hashable, Sendable {
    /// Time has passed; nothing else.
    case tick
    /// A configuration is in force: the first one, or a new one.
    case configured([ManagedCertificate], LifecycleSettings)
    /// A look at the files of a certificate ended.
    case looked(CertificateName, FoundCertificate)
    /// A rebuild of outputs ended; `nil` is success.
    case rebuilt(CertificateName, RenewalFailure?)

    /// Somebody asks for a renewal.
    case requested(CertificateName, RenewalID, RenewRequest)
    /// Somebody asks for a run of the reload command.
    case reloadRequested(CertificateName, RenewalID)

    /// The running attempt of a certificate begins a step.
    case attemptStep(CertificateName, Stage)
    case attemptEnded(CertificateName, AttemptOutcome)
    /// The run of a reload command for these certificates ended.
    case reloadEnded([CertificateName], ReloadOutcome)
    /// A look at what is served ended, by the SHA-256 of the certificate that was expected.
    case served(CertificateName, sha256: String, ServedObservation)

    case identityLooked(FoundIdentity)
    case identityRenewalEnded(IdentityRenewalOutcome)
    /// A request to the broker ended, with or without an answer.
    case brokerExchanged(BrokerExchange)
}

/// How a renewal (or an enrolment) of the identity ended.
public enum IdentityRenewalOutcome: Hashable, Sendable {
    case renewed(IdentityFacts)
    case failed(RenewalFailure)
}

/// One request to the broker, as the metrics count it.
public struct BrokerExchange: Hashable, Sendable {
    /// The path asked for, such as `/v1/certificates`.
    public var endpoint: String
    /// The HTTP status; `nil` without an answer.
    public var status: Int?
    public var took: Duration

    public init(endpoint: String, status: Int?, took: Duration) {
        self.endpoint = endpoint
        self.status = status
        self.took = took
    }
}
