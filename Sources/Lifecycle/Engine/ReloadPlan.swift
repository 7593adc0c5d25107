/// One run of a reload command, for one certificate or for several that share it.
public struct ReloadPlan: Hashable, Sendable {
    public var command: String
    public var timeout: Duration
    /// Sorted by name; more than one only for a command that doesn't ask which certificate it is for.
    public var certificates: [ReloadSubject]

    public init(command: String, timeout: Duration, certificates: [ReloadSubject]) {
        self.command = command
        self.timeout = timeout
        self.certificates = certificates
    }

    public var names: [CertificateName] { certificates.map(\.wanted.name) }
}

/// A certificate that a reload is for, as its command's environment describes it.
public struct ReloadSubject: Hashable, Sendable {
    public var wanted: ManagedCertificate
    public var installed: InstalledCertificate?

    public init(wanted: ManagedCertificate, installed: InstalledCertificate?) {
        self.wanted = wanted
        self.installed = installed
    }
}

/// How a reload ended, seen from outside: the command, and what was served after it if that is looked at.
public enum ReloadOutcome: Hashable, Sendable {
    case succeeded
    case failed(RenewalFailure)
}
