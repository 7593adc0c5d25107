import POSIX

/// Programs that are run to their end.
enum Shell {
    struct Answer: Sendable, CustomStringConvertible {
        /// The exit code; nil when it was ended by a signal or had to be ended.
        let code: Int32?
        /// What it wrote on stdout and stderr.
        let output: String

        var succeeded: Bool { code == 0 }
        var lines: [Substring] { output.split(separator: "\n") }
        var description: String {
            "exit \(code.map(String.init) ?? "by a signal or the deadline"): \(output)"
        }
    }

    /// Runs a program without a shell.
    static func run(
        _ executable: String, _ arguments: [String], within patience: Duration = .seconds(30)
    ) throws -> Answer {
        let command = ChildCommand(
            executable: executable, arguments: arguments, environment: Program.environment)
        let report = try command.run(
            within: ChildLimits(deadline: Clock.boottime() + patience, outputLimit: 4 << 20))
        let output = String(decoding: report.output, as: UTF8.self)
        guard case .exited(let code) = report.end else { return Answer(code: nil, output: output) }
        return Answer(code: code, output: output)
    }

    /// Runs a line of shell, as a person would type it.
    static func line(_ line: String, within patience: Duration = .seconds(30)) throws -> Answer {
        try run(Program.shell, ["-c", line], within: patience)
    }
}
