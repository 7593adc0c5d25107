/// Something that happened, told to the host's state machine.
public enum Input: Hashable, Sendable {
    /// Time has passed; nothing else.
    case tick
    /// A configuration is in force: the first one, or a new one.
    case configured([ManagedCertificate], LifecycleSettings)
    /// A look at the files of a certificate ended.
    case looked(CertificateName, FoundCertificate)
    /// A look takes so long that the directory of the files must hang; the look goes on.
    case lookUnanswered(CertificateName)
    /// An install that had been cut short is over, one way or the other; what was found then.
    case recovered(CertificateName, FoundCertificate)
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

    /// What the disk had refused to store is stored.
    case recordsStored

    case identityLooked(FoundIdentity)
    case identityRenewalEnded(IdentityRenewalOutcome)
    /// The identity before is in place again, or why not.
    case identityRestored(IdentityRenewalOutcome)
    /// A request to the broker ended, with or without an answer.
    case brokerExchanged(BrokerExchange)
    case timeAsked(TimeAnswer)
}

extension Input {
    /// A request to a broker ended; what it was for goes on.
    var isExchange: Bool { if case .brokerExchanged = self { true } else { false } }
}

/// How a renewal (or an enrolment) of the identity ended.
public enum IdentityRenewalOutcome: Hashable, Sendable {
    case renewed(IdentityFacts)
    case failed(RenewalFailure)
}

/// One request to the broker, as the metrics count it.
public struct BrokerExchange: Hashable, Sendable {
    /// What tells that a broker is there, and how late it is.
    public static let healthEndpoint = "/healthz"

    public var broker: BrokerAddress
    /// The path asked for, such as `/v1/certificates`.
    public var endpoint: String
    /// The HTTP status; `nil` without an answer.
    public var status: Int?
    public var took: Duration
    /// What it said how late it is.
    public var time: ServerTime?

    public init(
        broker: BrokerAddress, endpoint: String, status: Int?, took: Duration, time: ServerTime? = nil
    ) {
        self.broker = broker
        self.endpoint = endpoint
        self.status = status
        self.took = took
        self.time = time
    }
}
