public import FoundationEssentials

/// What came of one wish to read the configuration again.
public struct ConfigurationReload: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// The new configuration is in force, but for what needs a restart.
        case applied(ConfigurationDifference)
        /// It has problems; the old one stays in force, whole.
        case refused([ConfigurationFault])
    }

    public var id: RenewalID
    /// Further wishes that this one answers.
    public var joined: [RenewalID] = []
    public var endedAt: Date
    public var outcome: Outcome

    public init(id: RenewalID, endedAt: Date, outcome: Outcome) {
        self.id = id
        self.endedAt = endedAt
        self.outcome = outcome
    }

    public func answers(to id: RenewalID) -> Bool { self.id == id || joined.contains(id) }
}

/// How a new configuration differs from the one it replaced.
public struct ConfigurationDifference: Hashable, Sendable {
    /// Sorted by name, as are the others.
    public var added: [CertificateName] = []
    public var changed: [CertificateName] = []
    public var removed: [CertificateName] = []
    /// Keys outside `certificates` whose value changed and is in force, such as `broker.url`.
    public var settings: [String] = []
    /// Keys whose value changed and counts only after a restart.
    public var restartRequired: [String] = []

    public init() {}

    public var isEmpty: Bool {
        added.isEmpty && changed.isEmpty && removed.isEmpty && settings.isEmpty && restartRequired.isEmpty
    }
}

/// One thing wrong with a configuration file, fit for the local API: no values of commands in it.
public struct ConfigurationFault: Hashable, Sendable {
    /// From 1; 0 when it concerns the file as a whole.
    public var line: Int
    public var column: Int
    /// Where in the structure, like `certificates[2].dns_names[0]`; empty for the document itself.
    public var key: String
    public var message: String
    public var hint: String

    public init(line: Int, column: Int, key: String, message: String, hint: String) {
        self.line = line
        self.column = column
        self.key = key
        self.message = message
        self.hint = hint
    }
}
