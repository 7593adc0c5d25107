import Lifecycle
import YAML

extension AgentConfiguration {
    /// Decodes the bytes of a configuration file. `file` is its name for messages; nothing is read from disk.
    ///
    /// Throws every problem of the file at once.
    public static func load(_ bytes: [UInt8], file: String) throws(InvalidConfiguration) -> AgentConfiguration
    {
        let source = SourceText(name: file, bytes: bytes)
        let document = Document(reading: source)
        let findings = Findings()
        document.problems.forEach(findings.add)

        var configuration: AgentConfiguration?
        if let root = document.root, !root.isNull {
            let top = Section(Field(node: root, keyPath: "", findings: findings), keys: Schema.root)
            configuration = top.agentConfiguration()
        } else if document.problems.isEmpty {
            findings.add(
                "the file is empty", hint: "Begin with the example in packaging/agent.example.yml.",
                keyPath: "",
                at: SourcePosition(line: 1, column: 1))
        }
        guard var configuration, findings.all.isEmpty else {
            throw InvalidConfiguration(problems: findings.problems(in: source, root: document.root))
        }
        // While the tree still holds its memory: what outlives it would else keep all of its pages.
        configuration.certificates = withExtendedLifetime(document) {
            configuration.certificates.map { $0.detached() }
        }
        return configuration
    }
}
