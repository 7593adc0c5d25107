import POSIX
import TestSupport
import Testing

@Suite(.serialized) struct `A first certificate` {
    @Test func `enroll and one pass put a whole set in place, and the next pass orders nothing`() async throws
    {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            scenario.check(try File.status(lab.bootstrapToken) == nil, "the token is still there")

            let first = try AgentProcess.command("run", "--once", "--config", lab.configuration)
            try scenario.require(first.succeeded, "run --once: \(first)")
            let files = lab.files(of: "www")
            scenario.check(try files.mode(of: files.key) == 0o600, "the key's mode")
            for path in [files.cert, files.chain, files.fullchain] {
                scenario.check(try files.mode(of: path) == 0o644, "the mode of \(path)")
            }
            for name in ["www.lab.test", "api.lab.test"] {
                let complaint = try files.complaint(hostName: name)
                scenario.check(complaint == nil, complaint ?? "")
            }

            let installed = files.contents()
            let second = try AgentProcess.command("run", "--once", "--config", lab.configuration)
            scenario.check(second.succeeded, "the second run --once: \(second)")
            scenario.check(files.contents() == installed, "the second pass changed the files")
            scenario.check(lab.orders.count == 1, "the lab counts \(lab.orders.count) orders")
        }
    }

    @Test func `a combined file that is asked for later, or lost, is made without an order`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            let first = try AgentProcess.command("run", "--once", "--config", lab.configuration)
            try scenario.require(first.succeeded, "run --once: \(first)")

            let (files, combined) = (lab.files(of: "www"), scenario.scratch.path("haproxy/www.pem"))
            var configuration = try ConfigurationText(of: lab)
            try configuration.add("combined: \(combined)", toCertificate: "www")
            let path = try configuration.save(scenario)
            for occasion in ["asked for", "lost"] {
                let pass = try AgentProcess.command("run", "--once", "--config", path)
                try scenario.require(pass.succeeded, "run --once, \(occasion): \(pass)")
                let joined = try Shell.line("cat '\(files.key)' '\(files.fullchain)' | cmp - '\(combined)'")
                scenario.check(joined.succeeded, "\(occasion): not key and full chain: \(joined)")
                scenario.check(try files.mode(of: combined) == 0o600, "\(occasion): its mode")
                try Directory.open(scenario.scratch.path("haproxy")).unlink("www.pem")
            }
            scenario.check(lab.orders.count == 1, "the lab counts \(lab.orders.count) orders")
        }
    }

    @Test func `enroll refuses to replace a valid identity`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            let pair = [lab.agentState + "/identity.crt", lab.agentState + "/identity.key"]
            let before = try pair.map { try File.read($0, limit: 1 << 20) }
            lab.process.signal(.user1)
            try scenario.wait(until: "a fresh token") { try File.status(lab.bootstrapToken) != nil }

            let again = try AgentProcess.command("enroll", "--config", lab.configuration)
            scenario.check(again.code == 1, "\(again)")
            scenario.check(again.output.contains("Error: there is a valid identity already"), "\(again)")
            scenario.check(
                try pair.map { try File.read($0, limit: 1 << 20) } == before, "the pair has changed")
            scenario.check(try File.status(lab.bootstrapToken) != nil, "the fresh token was used")
        }
    }

    /// Certplane's documentation has `ExecStart=/usr/local/bin/certplane-agent run --config …` in a unit of
    /// `Type=simple`, as root: no notification socket, stderr is not a terminal.
    @Test func `the plain unit's command line issues and ends on SIGTERM`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            // All that systemd.exec(5) sets for such a unit.
            let agent = try AgentProcess(
                scenario, configuration: lab.configuration, stateDirectory: lab.agentState,
                environment: [
                    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8",
                    "INVOCATION_ID": "0123456789abcdef0123456789abcdef",
                ])
            try scenario.wait(until: "the certificate") {
                !agent.process.logged("certificate installed").isEmpty
            }
            let complaint = try lab.files(of: "www").complaint(hostName: "www.lab.test")
            scenario.check(complaint == nil, complaint ?? "")
            scenario.check(agent.process.end == nil, "it didn't go on running")
            let end = agent.stop()
            scenario.check(end == .exited(0), "it ended with \(end.map { "\($0)" } ?? "nothing")")
            let lines = agent.process.lines
            scenario.check(lines.allSatisfy { LogLine($0) != nil }, "not only log lines: \(lines)")
        }
    }
}
