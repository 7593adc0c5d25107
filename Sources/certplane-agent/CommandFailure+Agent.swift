import Agent
import Configuration
import POSIX

extension ConfigurationFile {
    /// - Throws: code `usage`, with every problem of the file.
    func loadForCommand(reportsProblems: Bool = true) throws(CommandFailure) -> LoadedConfiguration {
        do { return try load() } catch { throw CommandFailure(error, path: path, report: reportsProblems) }
    }
}

extension CommandFailure {
    /// - Parameter report: whether the text lists the problems.
    init(_ failure: ConfigurationFile.Failure, path: String, report: Bool = true) {
        switch failure {
        case .unreadable(let error):
            self.init(
                code: .usage, message: "the configuration can't be read: \(error)",
                advice: ["Name the right file with -c, and see that this user may read it."])
        case .invalid(let invalid):
            let problems = ConfigurationReport(invalid.problems)
            self.init(
                code: .usage, message: "the configuration can't be used: \(problems.summary)",
                advice: report ? ["Correct the file, then try 'certplane-agent check -c \(path)'."] : [],
                report: report ? problems.text : nil)
        }
    }

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
                advice: [Self.advice(onStateDirectory: error.errno)])
        case .system(let error): self.init(code: .failure, message: "the agent can't start: \(error)")
        case .transfer(let error): self.init(code: .failure, message: "libcurl can't be used: \(error)")
        }
    }

    private static func advice(onStateDirectory errno: Errno) -> String {
        switch errno {
        case .tooManyOpenFiles, .fileTableFull:
            "Raise LimitNOFILE= in the unit (or fs.file-max, if the whole machine is out of descriptors)."
        case .readOnlyFileSystem:
            "Make its file system writable: see the kernel's log, and StateDirectory= or ReadWritePaths= in the unit."
        case .noSpace: "Free some space on its disk."
        default: "See that it can be made and written by this user, and that the disk has space left."
        }
    }
}
