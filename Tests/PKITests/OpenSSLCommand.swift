import POSIX
import TestSupport

/// The `openssl` program: the second opinion on everything this module reads and writes.
enum OpenSSLCommand {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `openssl` in `scratch` and returns what it printed, stdout and stderr together.
    @discardableResult
    static func run(_ arguments: String, in scratch: ScratchDirectory) async throws -> String {
        let (report, output) = try await shell("openssl \(arguments)", in: scratch)
        guard report.end == .exited(0) else {
            throw Failure(description: "openssl \(arguments): \(report.end): \(output)")
        }
        return output
    }

    /// Runs a shell command in `scratch`, however it ends.
    static func shell(_ command: String, in scratch: ScratchDirectory) async throws -> (ChildReport, String) {
        let child = ChildCommand(
            executable: "/bin/sh", arguments: ["-c", "cd '\(scratch.path)' && \(command)"],
            environment: ["PATH": "/usr/bin:/bin", "HOME": scratch.path])
        return try await onThread {
            let report = try child.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(60)))
            return (report, String(decoding: report.output, as: UTF8.self))
        }
    }
}

extension ScratchDirectory {
    func bytes(_ name: String) throws -> [UInt8] { try File.read(path(name), limit: 1 << 20) }
}
