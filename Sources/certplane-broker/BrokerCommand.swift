import Broker
import Log
import POSIX

/// The whole process: reads the command line, does what it says, and leaves with its exit code.
///
/// A free function, because code of main.swift itself would belong to the main actor.
func runBroker() {
    // Without it a crash is as silent as it would have been: no reason not to start.
    try? CrashReporter.install(program: "certplane-broker")
    let code = BrokerCommand.run(Array(CommandLine.arguments.dropFirst()))
    if code != 0 { ProcessExit.now(code) }
}

enum BrokerCommand {
    private static let usage = """
        usage: certplane-broker lab --dir DIR [options]   a broker to try an agent with; not for production
               certplane-broker help [lab]
        """

    /// The exit code: 0 success, 1 the lab could not start, 2 bad usage.
    static func run(_ arguments: [String]) -> Int32 {
        let wantsHelp = arguments.contains { ["help", "--help", "-h"].contains($0) }
        switch arguments.first {
        case "lab" where !wantsHelp: return lab(Array(arguments.dropFirst()))
        case _ where wantsHelp:
            StandardStream.output.write((arguments.contains("lab") ? LabOptions.usage : usage) + "\n")
            return 0
        case nil: return complain("no command", 2)
        case .some(let command): return complain("unknown command \"\(command)\"", 2)
        }
    }

    private static func lab(_ arguments: [String]) -> Int32 {
        let options: LabOptions
        do throws(LabOptionsProblem) {
            options = try LabOptions(arguments: arguments)
        } catch {
            return complain(error.description, 2, hint: "`certplane-broker help lab` lists the options")
        }
        StandardStream.error.write(
            "certplane-broker lab: not for production (a CA on loopback with its keys beside it)\n")
        do {
            // Before the lab's threads start: they inherit that the signals are blocked.
            let signals = try SignalSource([.terminate, .interrupt, .hangup, .user1])
            try Signal.pipe.ignore()
            let lab = try Lab(options, log: Logger(destination: .standardError))
            try lab.start()
            StandardStream.output.write(lab.readyLine)
            StandardStream.error.write(lab.nextSteps)
            serve(lab, signals)
            lab.stop()
            return 0
        } catch {
            return complain("\(error)", 1)
        }
    }

    /// Does what the signals say until one says to end.
    private static func serve(_ lab: Lab, _ signals: borrowing SignalSource) {
        while true {
            switch signals.wait() {
            case .some(.hangup): lab.reloadPolicy()
            case .some(.user1): lab.renewBootstrapToken()
            case .some: return
            case nil: continue
            }
        }
    }

    private static func complain(_ what: String, _ code: Int32, hint: String? = nil) -> Int32 {
        StandardStream.error.write("Error: \(what)\n" + (hint ?? usage) + "\n")
        return code
    }
}
