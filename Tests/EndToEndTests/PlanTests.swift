import POSIX
import TestSupport
import Testing

@Suite(.serialized) struct `The plan` {
    @Test func `is made before enrolment, beside a running agent, and by another user`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let combined = lab.files(of: "www").directory + "/combined.pem"
            var text = try ConfigurationText(of: lab)
            try text.add("combined: \"\(combined)\"", toCertificate: "www")
            let configuration = try text.save(scenario)
            func plan() throws -> Shell.Answer { try AgentProcess.command("plan", "-c", configuration) }
            let before = try plan()
            scenario.check(before.code == 0, "\(before)")
            scenario.check(
                before.output.contains("enroll") && before.output.contains("not enrolled"), "\(before)")
            let left = try Shell.line("ls -A '\(lab.agentState)'").output
            scenario.check(left.isEmpty, "plan has left in the state directory: \(left)")

            try AgentProcess.enroll(scenario, for: lab)
            let enrolled = try plan()
            scenario.check(
                enrolled.output.contains("would order 1 of 1 certificates")
                    && enrolled.output.contains("the certificate file is missing"), "\(enrolled)")

            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try agent.awaitValid(scenario)
            let beside = try plan()
            scenario.check(
                beside.code == 0 && beside.output.contains("would order nothing")
                    && beside.output.contains("due at "), "\(beside)")
            scenario.check(agent.process.end == nil, "the agent has ended")

            _ = try Shell.line("chmod 711 '\(scenario.scratch.path)'; chmod -R go+rX '\(lab.directory)'")
            _ = try Shell.line("chmod 600 '\(lab.agentState)'/*.key; chmod 700 '\(lab.agentState)'/*/")
            _ = try Shell.line("chmod 600 '\(lab.files(of: "www").key)' '\(combined)'")
            let foreign = try Shell.run(
                Program.setpriv,
                [
                    "--reuid=54321", "--regid=54321", "--clear-groups", Program.agent, "plan", "-c",
                    configuration,
                ])
            scenario.check(foreign.code == 0, "\(foreign)")
            for part in [
                "would order nothing", "due at ", "key not readable by this user, taken as right", "Note: ",
            ] {
                scenario.check(foreign.output.contains(part), "no '\(part)' in \(foreign)")
            }

            // Of what can't be seen at all nothing is said.
            _ = try Shell.line("chmod 600 '\(lab.files(of: "www").cert)'")
            let blind = try Shell.run(
                Program.setpriv,
                [
                    "--reuid=54321", "--regid=54321", "--clear-groups", Program.agent, "plan", "-c",
                    configuration,
                ])
            for part in ["would order nothing", "unknown", "cert.pem", "Run this as the agent's user."] {
                scenario.check(blind.output.contains(part), "no '\(part)' in \(blind)")
            }
        }
    }
}
