import Agent
import Configuration
import Log
import POSIX

/// `recover`: what a crash has left is put in order, before the services that read the files start.
struct RecoverCommand {
    let configurationPath: String

    func run() throws(CommandFailure) {
        let settings = try ConfigurationFile(path: configurationPath).loadForCommand().settings
        let report: Recovery.Report
        do { report = try Recovery.run(settings, log: Logger(settings.logging)) } catch {
            throw CommandFailure(error)
        }
        StandardStream.output.write(report.lines.map { $0 + "\n" }.joined())
        let left = report.stuck + report.mixed
        guard report.isComplete else {
            throw CommandFailure(
                code: .failure,
                message: "not everything could be put in order"
                    + (left.isEmpty ? "" : ": \(left.joined(separator: ", "))"),
                advice: ["The log above says which file, and what to do."])
        }
        guard report.unanswered.isEmpty else {
            throw CommandFailure(
                code: .failure,
                message: "directories hang, and may still hold staged files: "
                    + report.unanswered.joined(separator: ", "),
                advice: [
                    "See that the server of their file system can be reached, or unmount it with `umount -f -l`."
                ])
        }
    }
}
