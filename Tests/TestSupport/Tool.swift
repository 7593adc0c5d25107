public import POSIX

/// Programs of the system that tests compare with.
public enum Tool {
    /// What it wrote, once it has ended well.
    @discardableResult
    public static func run(_ executable: String, _ arguments: [String]) throws -> String {
        let command = ChildCommand(
            executable: executable, arguments: arguments, environment: ["PATH": "/usr/bin:/bin", "LANG": "C"])
        let report = try command.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(60)))
        let output = String(decoding: report.output, as: UTF8.self)
        guard report.end == .exited(0) else {
            throw Failure(description: "\(executable) \(arguments): \(output)")
        }
        return output
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Whether a user without any further group can read a file.
    public static func canRead(_ path: String, user: UserID) throws -> Bool {
        do {
            try run(
                "/usr/bin/setpriv",
                ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "/bin/cat", path])
            return true
        } catch let failure as Failure {
            if failure.description.contains("Permission denied") { return false }
            throw failure
        }
    }
}
