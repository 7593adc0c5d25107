import POSIX
import TestSupport
import Testing

/// SIGTERM at the worst moments: the agent ends with 0 in time, and every set of files is old, new or absent.
@Suite(.serialized) struct `A stop` {
    @Test(arguments: ["hang", "latency:30s"])
    func `during an order leaves nothing behind`(fault: String) async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--fault", fault])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the order") { !agent.process.logged("requesting certificate").isEmpty }
            // The order is at the broker, not only on its way.
            Pause.milliseconds(200)
            Self.expectCleanEnd(of: agent, lab, ["www"], scenario)
            scenario.check(!lab.files(of: "www").areThere, "a certificate nobody issued")
        }
    }

    /// Every write to the disk is slowed down, so that the install takes a second.
    @Test func `during an install leaves a whole set or none`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(
                scenario, configuration: lab.configuration, stateDirectory: lab.agentState,
                under: [
                    Program.strace, "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                    "inject=fsync:delay_enter=200000",
                ])
            try scenario.wait(until: "a staged file", within: .seconds(30)) {
                try !Self.stagedFiles(below: lab.outputs).isEmpty
            }
            Self.expectCleanEnd(of: agent, lab, ["www"], scenario)
        }
    }

    /// Thirty certificates are on their way through all stages at once; each moment hits another of them.
    @Test func `at any moment of thirty issuances leaves whole sets`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "30"])
            try AgentProcess.enroll(scenario, for: lab)
            let names = (1...30).map { $0 < 10 ? "c000\($0)" : "c00\($0)" }
            var whole = 0
            for (round, delay) in [20, 60, 100, 150, 220, 320, 450].enumerated() {
                // Each round is a new host's first start.
                var configuration = try ConfigurationText(of: lab)
                let state = scenario.scratch.path("agent-\(round)")
                let outputs = scenario.scratch.path("certs-\(round)")
                try configuration.replace("state_dir: \"\(lab.agentState)\"", with: "state_dir: \"\(state)\"")
                try configuration.replace(lab.outputs, with: outputs)
                let agent = try AgentProcess(
                    scenario, configuration: try configuration.save(scenario, as: "agent-\(round).yml"),
                    stateDirectory: state)
                try scenario.wait(until: "the first order") {
                    !agent.process.logged("requesting certificate").isEmpty
                }
                Pause.milliseconds(delay)
                let end = agent.stop()
                scenario.check(
                    end == .exited(0), "after \(delay) ms it ended with \(end.map { "\($0)" } ?? "nothing")")
                for folder in [state, outputs] {
                    let staged = try Self.stagedFiles(below: folder)
                    scenario.check(staged.isEmpty, "after \(delay) ms there is \(staged)")
                }
                for name in names {
                    let files = CertificateFiles(directory: "\(outputs)/\(name)", root: lab.serviceRoot)
                    scenario.check(files.isWholeOrAbsent(), "after \(delay) ms \(name) is torn")
                    if files.areThere { whole += 1 }
                }
            }
            // A test that only ever stops before or after everything shows nothing.
            scenario.check((1..<7 * 30).contains(whole), "\(whole) of 210 sets were installed")
        }
    }

    @Test func `during a reload ends the command in time`() async throws {
        try await Scenario.play { scenario in
            let trace = scenario.scratch.path("reload-pid")
            let lab = try LabProcess(scenario, ["--reload-command", "echo $$ > \(trace); exec sleep 60"])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(scenario, for: lab)
            let pid = try scenario.wait(for: "the reload command") {
                try? scenario.scratch.read("reload-pid").split(separator: "\n").first.map(String.init)
            }
            Self.expectCleanEnd(of: agent, lab, ["www"], scenario)
            scenario.check(lab.files(of: "www").areThere, "the certificate of the reload is gone")
            scenario.check(try File.status("/proc/\(pid)") == nil, "the reload command lives on")

            // The service may not have the new certificate: the next agent still owes it the reload.
            let next = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the next agent's reload", within: .seconds(40)) {
                try scenario.scratch.read("reload-pid").contains { $0.isNumber }
                    && !scenario.scratch.read("reload-pid").hasPrefix(pid)
            }
            scenario.check(
                next.process.logged("requesting certificate").isEmpty, "another certificate was ordered")
            // Killed, it would leave the command behind.
            _ = next.stop()
        }
    }

    private static func expectCleanEnd(
        of agent: AgentProcess, _ lab: LabProcess, _ names: [String], _ scenario: Scenario,
        at location: SourceLocation = #_sourceLocation
    ) {
        let end = agent.stop()
        scenario.check(end == .exited(0), "it ended with \(end.map { "\($0)" } ?? "nothing")", at: location)
        let staged = [lab.outputs, lab.agentState].flatMap { (try? stagedFiles(below: $0)) ?? [] }
        scenario.check(staged.isEmpty, "there is still \(staged)", at: location)
        for name in names {
            scenario.check(lab.files(of: name).isWholeOrAbsent(), "\(name) is torn", at: location)
        }
    }

    /// The paths of files that an install has staged and not put in place.
    private static func stagedFiles(below folder: String) throws -> [String] {
        let answer = try Shell.run("/usr/bin/find", [folder, "-name", ".certplane-*"])
        // A folder that isn't there yet has none.
        return answer.succeeded ? answer.lines.map(String.init) : []
    }
}
