import POSIX
import Testing

@Suite(.serialized) struct `Closed standard streams` {
    @Test func `an agent that was started without stderr writes its log into no other file`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            var configuration = try ConfigurationText(of: lab)
            try configuration.replace("\nidentity:", with: "\nlogging: {destination: stdout}\n\nidentity:")
            let agent = try AgentProcess(
                scenario, configuration: try configuration.save(scenario), stateDirectory: lab.agentState,
                under: ["/bin/sh", "-c", "exec \"$@\" <&- 2>&-", "sh"])
            try agent.awaitAPI(scenario)
            for stream in [0, 2] {
                let link = try Shell.line("readlink /proc/\(agent.process.pid)/fd/\(stream)")
                scenario.check(link.lines.first == "/dev/null", "stream \(stream) is \(link)")
            }
        }
    }
}
