/// What the process tells its caller; documented in the README and in `help`.
enum ExitCode: Int32 {
    case success = 0
    case failure = 1
    /// Bad usage or configuration: starting again can't help, so the systemd unit doesn't try.
    case usage = 2
    case agentNotReachable = 3
    case lockedByAnotherAgent = 4
}

/// A command's end: the code, and for all but success what went wrong and what a person should do next.
struct CommandFailure: Error, Equatable {
    var code: ExitCode
    /// One sentence, without the `Error:` in front.
    var message: String
    /// What to do next, one line each.
    var advice: [String] = []
    /// Details at length, between the message and the advice.
    var report: String?

    /// The text for stderr.
    var text: String {
        let paragraphs = report.map { ["", $0] } ?? []
        return (["Error: \(message)"] + paragraphs + advice.map { "  \($0)" }).joined(separator: "\n")
    }
}
