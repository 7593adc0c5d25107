import POSIX
import TestSupport
import Testing

/// SIGHUP while the agent works.
@Suite(.serialized) struct `A new configuration` {
    @Test func `that renames a certificate during its order has it ordered once`()
        async throws
    {
        try await Scenario.play { scenario in
            let lab = try LabProcess(
                scenario, ["--issue-delay", "2s", "--certificates", "1", "--reload-command", "true"])
            try AgentProcess.enroll(scenario, for: lab)
            var text = try ConfigurationText(of: lab)
            let path = try text.save(scenario)
            let agent = try AgentProcess(scenario, for: lab, configuration: path)
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the order") {
                try agent.certificate("c0001").currentRenewal?.stage == "order"
            }
            try text.replace("name: \"c0001\"", with: "name: \"site\"")
            _ = try text.save(scenario)
            agent.process.signal(.hangup)
            let held = try scenario.wait(for: "the new name") {
                try agent.status().certificates.first { $0.name == "site" && $0.reason != nil }
            }
            scenario.check(held.why.contains("what was begun for 'c0001'"), held.why)
            try scenario.wait(until: "the reload") {
                agent.process.logged("reload completed").contains { $0["certificate"] == "site" }
            }
            try scenario.wait(until: "one certificate in order") {
                try agent.status().certificates.map(\.state) == ["valid"]
            }
            scenario.check(lab.orders.count == 1, "\(lab.orders)")
            let complaint = try lab.files(of: "c0001").complaint(hostName: "c0001.lab.test")
            scenario.check(complaint == nil, complaint ?? "")
        }
    }

    @Test func `is applied while a renewal hangs at the broker, and a broken one is refused`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "3"])
            try AgentProcess.enroll(scenario, for: lab)
            var text = try ConfigurationText(of: lab)
            try text.add("  timeout: 6s", to: "broker")
            let all = text
            try text.removeCertificate("c0003")
            let path = try text.save(scenario)
            let agent = try AgentProcess(scenario, for: lab, configuration: path)
            try agent.awaitValid(scenario)
            let oldPort = agent.port

            try lab.setFaults(["hang@c0002"])
            try agent.renew("c0002", scenario)
            try scenario.wait(until: "the order that hangs") {
                try agent.certificate("c0002").currentRenewal?.stage == "order"
            }
            let kept = lab.files(of: "c0002").contents()

            // One certificate comes, one changes, the one that hangs goes; the API moves.
            var next = all
            try next.removeCertificate("c0002")
            try next.add("key_type: rsa-2048", toCertificate: "c0001")
            try next.replace("listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.2:0\"")
            next.append("\nlogging:\n  level: debug\n")
            _ = try next.save(scenario)
            agent.process.signal(.hangup)
            let applied = try scenario.wait(for: "the new configuration") {
                agent.process.logged("configuration applied").first
            }
            scenario.check(applied["added"]?.contains("c0003") == true, "\(applied)")
            scenario.check(applied["changed"]?.contains("c0001") == true, "\(applied)")
            scenario.check(applied["removed"]?.contains("c0002") == true, "\(applied)")
            scenario.check(applied["settings"]?.contains("api.listen") == true, "\(applied)")
            try scenario.wait(until: "the new address") {
                agent.process.logged("local API listening").count == 2
            }
            let status = try agent.status(at: "127.0.0.2")
            let hanging = status.certificates.first { $0.name == "c0002" }
            scenario.check(hanging?.state == "renewing", "the renewal under way was disturbed: \(status)")
            scenario.check(
                hanging?.why.hasPrefix("no longer in the configuration; ") == true, "\(hanging?.why ?? "")")
            try scenario.wait(until: "the old address to be given up") {
                try agent.get("/healthz", at: "127.0.0.1", port: oldPort).status == 0
            }
            try scenario.wait(until: "the new and the changed certificate") {
                try lab.files(of: "c0003").areThere
                    && agent.status(at: "127.0.0.2").certificates.first?.installed?.keyType == "rsa-2048"
            }

            try Self.checkRefusal(agent, path, next, scenario)

            // What was under way ends by itself; its files and its record stay.
            try scenario.wait(until: "the end of the removed certificate's attempt", within: .seconds(15)) {
                try agent.status(at: "127.0.0.2").certificates.map(\.name) == ["c0001", "c0003"]
            }
            scenario.check(
                agent.process.logged("service certificate processing failed").first?["class"]
                    == "broker_timeout", "it did not end by itself")
            scenario.check(
                lab.files(of: "c0002").contents() == kept, "the removed certificate's files changed")
            let record = lab.agentState + "/state/c0002.json"
            let stored = String(decoding: try File.read(record, limit: 1 << 20), as: UTF8.self)
            scenario.check(stored.contains("unmanagedSince"), stored)

            // It comes back, and what is fixed for the life of the process is told.
            try lab.setFaults([])
            var back = all
            try back.replace("listen: \"127.0.0.1:0\"", with: "listen: \"127.0.0.2:0\"")
            back.append("\nlogging:\n  destination: stdout\n")
            try back.add("key_type: rsa-2048", toCertificate: "c0001")
            _ = try back.save(scenario)
            agent.process.signal(.hangup)
            try scenario.wait(until: "three certificates again") {
                try agent.status(at: "127.0.0.2").certificates.count == 3
            }
            let warned = agent.process.logged("configuration changes that need a restart")
            scenario.check(
                warned.last?["settings"]?.contains("logging.destination") == true, "\(warned)")
            scenario.check(agent.stop() == .exited(0), "the agent did not end well")
        }
    }

    private static func checkRefusal(
        _ agent: AgentProcess, _ path: String, _ good: ConfigurationText, _ scenario: Scenario
    ) throws {
        var broken = good
        broken.append("\nrenewel:\n  concurrency: 2\n")
        try broken.replace("level: debug", with: "level: loud")
        _ = try broken.save(scenario)
        agent.process.signal(.hangup)
        try scenario.wait(until: "the refusal") {
            !agent.process.logged("configuration refused, the one before stays in force").isEmpty
        }
        let problems = agent.process.logged("configuration problem").map { $0["error"] ?? "" }
        scenario.check(problems.count == 2, "\(problems)")
        try scenario.wait(until: "the refusal in the metrics") {
            try agent.get("/metrics", at: "127.0.0.2", port: agent.port).body
                .contains("certplane_config_last_reload_success 0")
        }
        let health = try agent.get("/healthz", at: "127.0.0.2", port: agent.port)
        scenario.check(health.status == 200, "\(health)")
    }
}
