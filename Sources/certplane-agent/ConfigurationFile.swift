import Agent
import Configuration
import Log
import PKI
import POSIX

/// Reads and decodes the configuration file for a command.
struct ConfigurationFile {
    private static let longest = 16 << 20

    let path: String

    /// - Throws: code `usage`, with every problem of the file.
    func load() throws(CommandFailure) -> LoadedConfiguration {
        let bytes = try read()
        do {
            return LoadedConfiguration(
                path: path, hash: SHA256.hex(bytes), settings: try AgentConfiguration.load(bytes, file: path))
        } catch {
            throw refused(error, withReport: true)
        }
    }

    func refused(_ invalid: InvalidConfiguration, withReport: Bool) -> CommandFailure {
        let report = ConfigurationReport(invalid.problems)
        return CommandFailure(
            code: .usage, message: "the configuration can't be used: \(report.summary)",
            advice: withReport ? ["Correct the file, then try 'certplane-agent check -c \(path)'."] : [],
            report: withReport ? report.text : nil)
    }

    func read() throws(CommandFailure) -> [UInt8] {
        do { return try File.read(path, limit: Self.longest) } catch {
            throw CommandFailure(
                code: .usage, message: "the configuration can't be read: \(error)",
                advice: ["Name the right file with -c, and see that this user may read it."])
        }
    }
}

extension Logger {
    /// The logger that the configuration asks for.
    init(_ settings: LoggingSettings) {
        self.init(
            level: LogLevel(word: settings.level.rawValue) ?? .info,
            format: settings.format == .json ? .json : .text,
            destination: settings.destination == .stdout ? .standardOutput : .standardError)
    }
}

extension CommandFailure {
    init(_ failure: StartFailure) {
        switch failure {
        case .locked(let path, let holder):
            let who = holder.map { "process \($0)" } ?? "another process"
            self.init(
                code: .lockedByAnotherAgent, message: "\(path) is in use by \(who)",
                advice: [
                    "One agent runs for each state_dir: stop the other, or give this one a state_dir of its own."
                ])
        case .stateDirectory(let path, let error):
            self.init(
                code: .failure, message: "the state directory \(path) can't be used: \(error)",
                advice: [
                    "See that it can be made and written by this user, and that the disk has space left."
                ])
        case .system(let error): self.init(code: .failure, message: "the agent can't start: \(error)")
        case .transfer(let error): self.init(code: .failure, message: "libcurl can't be used: \(error)")
        }
    }
}
