import Log
import POSIX
import Transfer

/// The whole process: reads the command line, does what it says, and leaves with its exit code.
func runProcess() {
    // The runtime reads the arguments from /proc: without it they would seem to be none, and the agent would run
    // with defaults that nobody asked for.
    guard let program = CommandLine.arguments.first else {
        StandardStream.error.write("Error: the command line can't be read\n  Mount /proc and try again.\n")
        ProcessExit.now(ExitCode.usage.rawValue)
    }
    _ = program
    do throws(CommandFailure) {
        try prepareProcess()
        try Invocation.parse(Array(CommandLine.arguments.dropFirst())).run()
        ProcessExit.now(ExitCode.success.rawValue)
    } catch {
        ErrorText.write(error.text)
        ProcessExit.now(error.code.rawValue)
    }
}

/// What has to be settled before there are threads.
private func prepareProcess() throws(CommandFailure) {
    ProcessMemory.keepSmall()
    do {
        try StandardStream.openMissing()
        try CrashReporter.install(program: "certplane-agent")
        // A closed log pipe or connection is an error of that write, not the end of the process.
        try Signal.pipe.ignore()
    } catch {
        throw CommandFailure(code: .failure, message: "the process can't be set up: \(error)")
    }
}

extension Invocation {
    func run() throws(CommandFailure) {
        switch command {
        case .run(let once): try RunCommand(configurationPath: configuration, once: once).run()
        case .enroll: try EnrollCommand(configurationPath: configuration).run()
        case .recover: try RecoverCommand(configurationPath: configuration).run()
        case .check(let online, let json):
            try CheckCommand(configurationPath: configuration, online: online, json: json).run()
        case .unit: try UnitCommand(configurationPath: configuration).run()
        case .plan(let json): try PlanCommand(configurationPath: configuration, json: json).run()
        case .status(let name, let json, let watch):
            try StatusCommand(configurationPath: configuration, name: name, json: json, watch: watch).run()
        case .renew(let selection, let options):
            try RenewCommand(configurationPath: configuration, selection: selection, options: options).run()
        case .reload: try ReloadCommandLine(configurationPath: configuration).run()
        case .version: StandardStream.output.write("certplane-agent \(AgentVersion.text)\n")
        case .help(let topic):
            guard let text = Help.text(for: topic) else {
                throw CommandFailure(
                    code: .usage, message: "there is no command '\(topic ?? "")'",
                    advice: ["Run 'certplane-agent help' for the commands."])
            }
            StandardStream.output.write(text)
        }
    }
}

enum AgentVersion {
    static let text = "0.1.0"
}
