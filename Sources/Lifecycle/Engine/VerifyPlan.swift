/// One look at what a service serves, decided.
public struct VerifyPlan: Hashable, Sendable {
    public var name: CertificateName
    public var target: VerifyTarget
    /// SHA-256 of the DER of the certificate on disk, hex: the one that ought to be served.
    public var sha256: String
    /// A service with several certificates shows the one for keys like this.
    public var keyType: KeyType?
    /// Judge only after so long: a service goes on with its old certificate for a moment after its reload.
    public var patience: Duration

    public init(
        name: CertificateName, target: VerifyTarget, sha256: String, keyType: KeyType?,
        patience: Duration = .seconds(5)
    ) {
        self.name = name
        self.target = target
        self.sha256 = sha256
        self.keyType = keyType
        self.patience = patience
    }
}

/// What a look at a service found.
public enum ServedObservation: Hashable, Sendable {
    /// The certificate on disk is what is served.
    case matches
    /// Another one is, with this serial (lower-case hex without leading zeros).
    case differs(serial: String)
    /// Nobody could be asked; the text says why.
    case unreachable(String)
    /// The look was cut off because the agent stops.
    case stopped
}
