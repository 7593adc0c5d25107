import FoundationEssentials
import POSIX
import Testing

/// Identities that come, go and expire while the agent runs.
@Suite(.serialized) struct `An identity` {
    @Test func `comes with a fresh bootstrap token while the agent runs`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let removed = try Shell.line("rm '\(lab.bootstrapToken)'")
            try scenario.require(removed.succeeded, "\(removed)")
            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the status to say that it is not enrolled") {
                try agent.status().identity.state == "not_enrolled"
            }
            lab.process.signal(.user1)
            try scenario.wait(until: "the fresh token") { try File.status(lab.bootstrapToken) != nil }
            let start = Clock.boottime()
            try scenario.wait(until: "the identity", within: .seconds(15)) {
                try agent.status().identity.state == "valid"
            }
            let took = Clock.boottime() - start
            scenario.check(took <= .seconds(12), "the token was noticed after \(took)")
            try agent.awaitValid(scenario)
            scenario.check(try File.status(lab.bootstrapToken) == nil, "the token is still there")
        }
    }

    @Test func `that has expired is renewed with its own key, and says so until then`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--identity-lifetime", "4s"])
            try AgentProcess.enroll(scenario, for: lab)
            Pause.milliseconds(5500)
            let plan = try AgentProcess.command("plan", "--json", "--config", lab.configuration)
            scenario.check(plan.succeeded && plan.output.contains("\"identity_expired\""), "\(plan)")
            scenario.check(plan.output.contains("\"action\": \"renew\""), "\(plan)")
            let agent = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the renewed identity") {
                !agent.process.logged("identity renewed").isEmpty
            }
            let states = agent.process.logged("identity changed").map { $0["state"] ?? "" }
            scenario.check(states.first == "identity_expired", "\(states)")
            try scenario.wait(until: "the certificate") { lab.files(of: "www").areThere }
        }
    }
}
