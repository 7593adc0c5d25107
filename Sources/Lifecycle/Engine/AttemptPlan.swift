/// One renewal, decided: everything a worker needs to know to carry it out. When nothing could be sent to its broker,
/// the same renewal goes on with a plan for the next one.
public struct AttemptPlan: Hashable, Sendable {
    /// Names this renewal in the snapshot.
    public var id: RenewalID
    public var certificate: ManagedCertificate
    /// The one broker that is asked.
    public var broker: BrokerAddress
    public var reason: RenewalReason
    /// Order for the pending key, made now unless one is waiting; else for the key that is installed.
    public var rotatesKey: Bool
    /// Nothing but what was found on disk makes it due: where that is mended there is nothing to order.
    public var mendsOnly = false
    /// What an earlier attempt set out from whose install the beginning of this one may finish: another certificate than that
    /// is what both are for.
    public var earlierOrigin: AttemptOrigin?
    /// The pending key may be kept under one of these names, if under none of its own.
    public var formerNames: [CertificateName] = []
    /// Throw the pending key away first: the broker goes on answering it with a bundle that can't be used.
    public var retiresPendingKey: Bool
    /// Whether the reload command will follow the install.
    public var reloadWanted: Bool
    /// The requests that this attempt fulfils.
    public var requests: [RenewalID]
    /// What is installed now, to tell an unchanged answer and a shorter life.
    public var installed: InstalledCertificate?

    public init(
        id: RenewalID, certificate: ManagedCertificate, broker: BrokerAddress, reason: RenewalReason,
        rotatesKey: Bool = true,
        retiresPendingKey: Bool = false, reloadWanted: Bool = true, requests: [RenewalID] = [],
        installed: InstalledCertificate? = nil
    ) {
        self.id = id
        self.certificate = certificate
        self.broker = broker
        self.reason = reason
        self.rotatesKey = rotatesKey
        self.retiresPendingKey = retiresPendingKey
        self.reloadWanted = reloadWanted
        self.requests = requests
        self.installed = installed
    }

    /// Whether what lies there is what this renewal is for, so that there is nothing to order.
    public func isFulfilled(by found: FoundCertificate) -> Bool {
        guard RenewalPolicy.defect(of: found, wanted: certificate) == nil else { return false }
        if mendsOnly { return true }
        guard let earlierOrigin, let serial = found.installed?.serial else { return false }
        return serial != earlierOrigin.serial
    }
}

/// How an attempt ended.
public enum AttemptOutcome: Hashable, Sendable {
    case installed(IssuedReport)
    /// The broker answered with the certificate that is already installed; nothing was touched.
    case unchanged(serial: String)
    /// The files were found to be in order after all, and nobody was asked.
    case notNeeded(FoundCertificate)
    case failed(RenewalFailure)
}

/// What an attempt that succeeded has to tell.
public struct IssuedReport: Hashable, Sendable {
    public var certificate: InstalledCertificate
    /// The broker had it in its cache: no new order was placed.
    public var wasCached: Bool
    public var warnings: [String]

    public init(certificate: InstalledCertificate, wasCached: Bool = false, warnings: [String] = []) {
        self.certificate = certificate
        self.wasCached = wasCached
        self.warnings = warnings
    }
}
