import Configuration
import Lifecycle
import Log

/// What a wish to read the configuration again has brought.
enum ConfigurationReading: Sendable {
    case usable(ConfigurationChange)
    case refused([ConfigurationFault])
}

/// A configuration that can be put in force in the place of the one it was compared with.
struct ConfigurationChange: Sendable {
    /// SHA-256 of the file's bytes, hex.
    var hash: String
    var certificates: [ManagedCertificate]
    var settings: LifecycleSettings
    var difference: ConfigurationDifference
    /// Everything else that it says; nil where a test has nothing else.
    var configuration: AgentConfiguration?

    init(
        hash: String, certificates: [ManagedCertificate], settings: LifecycleSettings,
        difference: ConfigurationDifference
    ) {
        self.hash = hash
        self.certificates = certificates
        self.settings = settings
        self.difference = difference
    }

    /// What `loaded` changes when it follows `current`.
    init(_ loaded: LoadedConfiguration, following current: AgentConfiguration) {
        let next = current.followed(by: loaded.settings)
        self.init(
            hash: loaded.hash, certificates: next.certificates, settings: LifecycleSettings(next),
            difference: current.difference(to: loaded.settings))
        configuration = next
    }
}

extension ConfigurationFile {
    /// Reads the file as the successor of `current`, and says in the log what came of it. Blocks.
    func read(following current: AgentConfiguration, log: Logger) -> ConfigurationReading {
        do {
            return .usable(ConfigurationChange(try load(), following: current))
        } catch {
            let faults = error.faults
            log.error(
                "configuration refused, the one before stays in force",
                ["config": .string(path), "problems": .int(faults.count)])
            for fault in faults { log.error("configuration problem", fault.attributes) }
            return .refused(faults)
        }
    }
}

extension ConfigurationFile.Failure {
    /// Everything that is wrong, at least one.
    var faults: [ConfigurationFault] {
        switch self {
        case .unreadable(let error):
            [
                ConfigurationFault(
                    line: 0, column: 0, key: "", message: "the file can't be read: \(error)",
                    hint: "See that it is there, and that the agent's user may read it.")
            ]
        case .invalid(let invalid):
            invalid.problems.map {
                ConfigurationFault(
                    line: $0.line, column: $0.column, key: $0.keyPath, message: $0.message, hint: $0.hint)
            }
        }
    }
}

extension ConfigurationFault {
    fileprivate var attributes: LogAttributes {
        var attributes: LogAttributes = line == 0 ? [:] : ["line": .int(line), "column": .int(column)]
        if !key.isEmpty { attributes.append("key", .string(key)) }
        return attributes + ["error": .string(message), "advice": .string(hint)]
    }
}

extension ConfigurationDifference {
    /// Says in the log what is in force now.
    func tell(_ log: Logger, path: String) {
        var attributes: LogAttributes = ["config": .string(path)]
        for (name, certificates) in [("added", added), ("changed", changed), ("removed", removed)]
        where !certificates.isEmpty {
            attributes.append(name, .list(Self.abridged(certificates.map(\.text))))
        }
        if !settings.isEmpty { attributes.append("settings", .list(settings)) }
        log.info(
            isEmpty ? "configuration read again, nothing has changed" : "configuration applied", attributes)
        if !restartRequired.isEmpty {
            log.warn(
                "configuration changes that need a restart",
                [
                    "settings": .list(restartRequired),
                    "advice": "Restart the agent to apply them; nothing is ordered by that.",
                ])
        }
    }

    private static func abridged(_ names: [String]) -> [String] {
        let shown = 20
        return names.count <= shown ? names : names.prefix(shown) + ["and \(names.count - shown) more"]
    }
}
