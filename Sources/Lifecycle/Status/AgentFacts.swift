public import FoundationEssentials

/// What the snapshot says of the process itself; told by its driver.
public struct AgentFacts: Hashable, Sendable {
    public var version: String
    public var pid: Int32
    public var startedAt: Date
    public var configPath: String
    /// SHA-256 of the configuration in force, hex.
    public var configHash: String
    public var configLoadedAt: Date
    /// Whether the last try to load the configuration again succeeded; `true` when none was made.
    public var lastReloadSucceeded: Bool
    /// When the engine last came round.
    public var lastTickAt: Date
    public var stopping: Bool
    /// Whether every certificate has been looked at since the start: the first evaluation is done.
    public var hasEvaluated = false
    /// What could not be stored; nil while everything is.
    public var unstored: UnstoredState?
    /// Why nothing is installed; nil while the journal has been read.
    public var unreadJournal: UnreadJournal?
    /// The newest wishes to read the configuration again that have ended, oldest first.
    public var configurationReloads: [ConfigurationReload] = []

    public init(
        version: String, pid: Int32, startedAt: Date, configPath: String, configHash: String,
        configLoadedAt: Date,
        lastReloadSucceeded: Bool = true, lastTickAt: Date, stopping: Bool = false
    ) {
        self.version = version
        self.pid = pid
        self.startedAt = startedAt
        self.configPath = configPath
        self.configHash = configHash
        self.configLoadedAt = configLoadedAt
        self.lastReloadSucceeded = lastReloadSucceeded
        self.lastTickAt = lastTickAt
        self.stopping = stopping
    }
}
