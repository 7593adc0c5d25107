import YAML

/// Where the agent of a configuration is reached.
public struct AgentReach: Sendable, Hashable {
    public let api: APISettings
    public let stateDirectory: String

    public init(_ configuration: AgentConfiguration) {
        api = configuration.api
        stateDirectory = configuration.stateDirectory
    }

    /// What a file that has problems says of it all the same: an agent goes on with the configuration it had, and can
    /// be asked. Nil if not even that can be read.
    public init?(salvaging bytes: [UInt8], file: String) {
        guard let root = Document(reading: SourceText(name: file, bytes: bytes)).root, !root.isNull else {
            return nil
        }
        let top = Section(Field(node: root, keyPath: "", findings: Findings()), keys: Schema.root)
        stateDirectory = top.stateDirectory()
        api = top.apiSettings(besides: stateDirectory)
    }
}
