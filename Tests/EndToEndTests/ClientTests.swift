import Glibc
import POSIX
import TestSupport
import Testing

/// `status`, `renew` and `reload`: the agent as its own command line reaches it.
@Suite(.serialized) struct `The agent's own client` {
    private static let nobody = "65534"

    /// A lab with an agent that listens on a free port and on a Unix socket.
    private struct Host {
        let lab: LabProcess
        let agent: AgentProcess
        let socket: String
        /// Names the socket.
        let configuration: String
        /// Names the port only, as a client without the socket would.
        let portConfiguration: String

        init(_ scenario: Scenario, _ options: [String] = []) throws {
            lab = try LabProcess(scenario, options)
            try AgentProcess.enroll(scenario, for: lab)
            socket = scenario.scratch.path("agent.sock")
            var text = try ConfigurationText(of: lab)
            try text.add("  socket: \(socket)", to: "api")
            configuration = try text.save(scenario)
            agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try agent.awaitValid(scenario)
            let path = socket
            try scenario.wait(until: "the socket") { try File.statusOfEntry(path) != nil }
            portConfiguration = try Self.configuration(scenario, lab, port: agent.port ?? 0)
        }

        static func configuration(_ scenario: Scenario, _ lab: LabProcess, port: UInt16) throws -> String {
            var text = try ConfigurationText(of: lab)
            try text.replace("127.0.0.1:0", with: "127.0.0.1:\(port)")
            return try text.save(scenario, as: "port-\(port).yml")
        }

        func run(_ arguments: String..., over configuration: String? = nil) throws -> Shell.Answer {
            try Shell.run(Program.agent, arguments + ["-c", configuration ?? self.configuration])
        }
    }

    @Test func `shows, renews and refuses over the Unix socket`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario, ["--reload-command", "true"])
            let table = try host.run("status")
            scenario.check(table.succeeded && table.output.contains("www"), "\(table)")
            scenario.check(table.output.contains("valid") && table.output.contains("identity"), "\(table)")
            let json = try host.run("status", "--json")
            scenario.check(json.output.hasPrefix("{\"taken_at\""), "\(json)")
            let one = try host.run("status", "www")
            scenario.check(one.succeeded && one.output.contains("fullchain file"), "\(one)")
            let wrong = try host.run("status", "wwe")
            scenario.check(wrong.code == 1 && wrong.output.contains("Did you mean 'www'?"), "\(wrong)")

            let before = host.lab.orders.count
            let renewed = try host.run("renew", "www")
            scenario.check(renewed.succeeded, "\(renewed)")
            scenario.check(
                renewed.lines.last?.hasPrefix("www: renewed, serial ") == true
                    && renewed.output.contains("order ") && renewed.output.contains("reload "), "\(renewed)")
            scenario.check(host.lab.orders.count == before + 1, "\(host.lab.orders.count) orders")
            let all = try host.run("renew", "--all", "--no-wait")
            scenario.check(all.succeeded && all.output.contains("/v1/renewals/"), "\(all)")
            let unknown = try host.run("renew", "wwe")
            scenario.check(unknown.code == 1 && unknown.output.contains("Did you mean 'www'?"), "\(unknown)")
            let uid = "uid=\(getuid())"
            scenario.check(
                host.agent.process.lines.contains { $0.contains("renewals requested") && $0.contains(uid) },
                "the log doesn't say who asked")
        }
    }

    @Test func `reload says what changed, and refuses what is wrong while the agent goes on`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let unchanged = try host.run("reload")
            scenario.check(
                unchanged.succeeded && unchanged.output.contains("nothing has changed"), "\(unchanged)")

            var text = try ConfigurationText(of: host.lab)
            try text.add("  socket: \(host.socket)", to: "api")
            let before = text
            try text.add("key_type: rsa-2048", toCertificate: "www")
            text.append("\nlogging:\n  level: debug\n")
            _ = try text.save(scenario)
            let changed = try host.run("reload")
            scenario.check(changed.succeeded, "\(changed)")
            scenario.check(
                changed.output.contains("Read again and in force.") && changed.output.contains("changed: www")
                    && changed.output.contains("logging.level"), "\(changed)")
            try scenario.wait(until: "the certificate that is wanted now") {
                try host.agent.certificate("www").installed?.keyType == "rsa-2048"
            }

            // The file has a problem: the agent, found by what can be read of it, says which, and goes on.
            var broken = before
            broken.append("\nrenewel:\n  concurrency: 2\n")
            _ = try broken.save(scenario)
            let refused = try host.run("reload")
            scenario.check(refused.code == 2, "\(refused)")
            scenario.check(
                refused.output.contains("the one before stays in force")
                    && refused.output.contains("renewel"),
                "\(refused)")
            let status = try host.run("status", "www")
            scenario.check(status.succeeded && status.output.contains("rsa-2048"), "\(status)")
            let renewed = try host.run("renew", "www")
            scenario.check(renewed.succeeded, "\(renewed)")
        }
    }

    @Test func `status --watch prints again what has changed, on a terminal in its place`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let piped = try scenario.start(
                "watch", Program.agent, ["status", "www", "--watch", "-c", host.configuration])
            try scenario.wait(until: "the first look") { piped.lines.contains { $0.contains("valid") } }
            let serial = try host.agent.certificate("www").installed?.serial ?? "?"
            let first = piped.lines.count
            scenario.check(piped.lines.contains { $0.contains(serial) }, piped.lastLines)
            try host.agent.renew("www", scenario)
            let next = try scenario.wait(for: "another certificate") {
                let now = try host.agent.certificate("www").installed?.serial
                return now == serial ? nil : now
            }
            try scenario.wait(until: "the next look") { piped.lines.contains { $0.contains(next) } }
            scenario.check(piped.lines.count > first, piped.lastLines)
            scenario.check(!piped.lines.contains { $0.contains("\u{1B}") }, "a pipe is no terminal")
            piped.signal(.interrupt)
            scenario.check(piped.end(within: .seconds(5)) == .signalled(2), "^C didn't end it")

            let terminal = try scenario.start(
                "terminal", Program.shell,
                ["-c", "script -qec '\(Program.agent) status --watch -c \(host.configuration)' /dev/null"])
            try scenario.wait(until: "a look on a terminal") {
                terminal.lines.contains { $0.contains("\u{1B}[2J\u{1B}[H") }
            }
            try host.agent.renew("www", scenario)
            try scenario.wait(until: "the next look, in its place") {
                terminal.lines.contains { $0.contains("\u{1B}[H") && !$0.contains("\u{1B}[2J") }
            }
        }
    }

    @Test func `renew shows each step, on a terminal in one line that changes`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario, ["--reload-command", "true"])
            try host.lab.setFaults(["latency:1500ms"])
            let piped = try host.run("renew", "--all")
            scenario.check(piped.succeeded && !piped.output.contains("\u{1B}"), "\(piped)")
            scenario.check(piped.lines.allSatisfy { $0.hasPrefix("www: ") }, "\(piped)")
            for step in ["key", "order", "reload"] {
                scenario.check(piped.lines.contains { $0.contains(step) }, "no \(step): \(piped)")
            }
            let terminal = try Shell.line(
                "script -qec '\(Program.agent) renew www -c \(host.configuration)' /dev/null")
            scenario.check(terminal.succeeded, "\(terminal)")
            scenario.check(
                terminal.output.contains("\u{1B}[") && terminal.output.contains("renewed, serial "),
                "\(terminal)")
        }
    }

    @Test func `a renewal that fails is told with its reason, and is exit code 1`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            try host.lab.setFaults(["forbidden"])
            let answer = try host.run("renew", "www")
            scenario.check(answer.code == 1, "\(answer)")
            scenario.check(answer.output.contains("www: FAILED, order: "), "\(answer)")
            scenario.check(answer.output.contains("Error: 1 of 1 renewals failed"), "\(answer)")
        }
    }

    @Test func `over TCP changes need the token, which only an agent's port gets`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let renewed = try host.run("renew", "www", over: host.portConfiguration)
            scenario.check(renewed.succeeded, "\(renewed)")
            // Whoever can't read the token can look, and change nothing.
            let asNobody = ["--reuid", Self.nobody, "--regid", Self.nobody, "--clear-groups", "--"]
            _ = chmod(scenario.scratch.path, 0o755)
            _ = chmod(host.lab.directory, 0o755)
            let looks = try Shell.run(
                Program.setpriv, asNobody + [Program.agent, "status", "-c", host.portConfiguration])
            scenario.check(looks.succeeded, "\(looks)")
            let changes = try Shell.run(
                Program.setpriv, asNobody + [Program.agent, "renew", "www", "-c", host.portConfiguration])
            scenario.check(changes.code == 1 && changes.output.contains("token"), "\(changes)")
        }
    }

    @Test func `a squatter on the port hears nothing, not even a question`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let squatter = try scenario.start(
                "squatter", Program.setpriv,
                [
                    "--reuid", Self.nobody, "--regid", Self.nobody, "--clear-groups", "--", Program.python,
                    "-uc",
                ]
                    + [
                        """
                        import socket
                        s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
                        print("port", s.getsockname()[1])
                        while True:
                            c, _ = s.accept()
                            print("heard", c.recv(65536))
                        """
                    ])
            let port = try scenario.wait(for: "the squatter") {
                squatter.lines.first.flatMap { UInt16($0.dropFirst("port ".count)) }
            }
            let configuration = try Host.configuration(scenario, lab, port: port)
            // The agent goes on without the port, and has made its token.
            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try scenario.wait(until: "the agent to find its port taken") {
                !agent.process.logged("local API can't listen, trying every 10 s").isEmpty
            }
            for command in [["renew", "--all"], ["status"], ["reload"]] {
                let answer = try Shell.run(Program.agent, command + ["-c", configuration])
                scenario.check(answer.code == 3, "\(answer)")
                scenario.check(
                    answer.output.contains("user \(Self.nobody) listens there"), "\(answer)")
            }
            scenario.check(!squatter.lines.contains { $0.hasPrefix("heard") }, "the squatter heard something")
        }
    }

    @Test func `an agent that doesn't run is exit code 3, with what stood in each way`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let free = try Self.freePort()
            var text = try ConfigurationText(of: lab)
            try text.replace("127.0.0.1:0", with: "127.0.0.1:\(free)")
            try text.add("  socket: \(scenario.scratch.path("none.sock"))", to: "api")
            let configuration = try text.save(scenario)
            for command in ["status", "renew", "reload"] {
                let arguments = [command] + (command == "renew" ? ["--all"] : []) + ["-c", configuration]
                let answer = try Shell.run(Program.agent, arguments)
                scenario.check(answer.code == 3, "\(answer)")
                scenario.check(answer.output.contains("none.sock: there is no such socket"), "\(answer)")
                scenario.check(answer.output.contains("127.0.0.1:\(free): nobody listens"), "\(answer)")
            }
        }
    }

    @Test func `another local user can't open the socket, and opened for him it changes nothing`()
        async throws
    {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            _ = chmod(scenario.scratch.path, 0o755)
            func askAsNobody() throws -> Shell.Answer {
                try Shell.run(
                    Program.setpriv,
                    [
                        "--reuid", Self.nobody, "--regid", Self.nobody, "--clear-groups", "--", Program.curl,
                        "-sS", "--unix-socket", host.socket, "-X", "POST", "http://localhost/v1/renew", "-H",
                        "Content-Type: application/json", "-d", #"{"all":true}"#,
                    ])
            }
            let closed = try askAsNobody()
            scenario.check(closed.code == 7, "\(closed)")
            _ = chmod(host.socket, 0o666)
            let open = try askAsNobody()
            scenario.check(open.output.contains("urn:certplane:problem:foreign_user"), "\(open)")
            scenario.check(host.agent.process.logged("renewals requested").isEmpty, "something was renewed")
        }
    }

    @Test func `the socket goes with its agent, and one that a crash has left is replaced`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            host.agent.process.kill()
            scenario.check(try File.statusOfEntry(host.socket) != nil, "a killed agent tidied up")
            let next = try AgentProcess(
                scenario, configuration: host.configuration, stateDirectory: host.lab.agentState, name: "next"
            )
            try next.awaitValid(scenario)
            let answer = try host.run("status")
            scenario.check(answer.succeeded, "\(answer)")
            scenario.check(next.stop() == .exited(0), "it didn't end well")
            scenario.check(try File.statusOfEntry(host.socket) == nil, "the socket is still there")
        }
    }

    @Test func `as many as may wait for renewals keep nobody from a reload, and leave no place taken`()
        async throws
    {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            try host.lab.setFaults(["hang@www"])
            let token = try File.read(host.lab.agentState + "/api.token", limit: 4096)
            func wait(_ seconds: Int) throws -> RawClient {
                let client = try RawClient(port: host.agent.port)
                let bearer = String(decoding: token, as: UTF8.self).prefix { $0 != "\n" }
                try client.send(
                    "POST /v1/certificates/www/renew HTTP/1.1\r\nHost: 127.0.0.1:\(host.agent.port ?? 0)\r\n"
                        + "Authorization: Bearer \(bearer)\r\n"
                        + "Prefer: wait=\(seconds)\r\n\r\n")
                return client
            }
            var clients = try (0..<32).map { _ in try wait(60) }
            let refused = try wait(60).answer()
            scenario.check(
                refused.status == 202 && refused.fields["preference-applied"] == nil, "\(refused)")
            for configuration in [host.configuration, host.portConfiguration] {
                let reload = try host.run("reload", over: configuration)
                scenario.check(reload.succeeded, "\(reload)")
            }
            scenario.check(clients.count == 32, "they waited all the time")
            clients = []
            try scenario.wait(until: "a place for one who waits") {
                try wait(1).answer().fields["preference-applied"] == "wait=1"
            }
            try host.lab.setFaults([])
        }
    }

    @Test func `a socket that can't be moved stays where it is until it can, and a lost one comes back`()
        async throws
    {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let agent = host.agent.process
            func answers(_ path: String) throws -> Bool {
                try Shell.run(
                    Program.curl, ["-sS", "--unix-socket", path, "http://localhost/healthz"]
                ).succeeded
            }
            func configure(_ lines: String...) throws {
                var text = try ConfigurationText(of: host.lab)
                for line in lines { try text.add("  \(line)", to: "api") }
                _ = try text.save(scenario)
            }

            // Its new folder is missing.
            let moved = scenario.scratch.path("none/agent.sock")
            try configure("socket: \(moved)")
            var text = try ConfigurationText(of: host.lab)
            try text.replace("127.0.0.1:0", with: "127.0.0.1:\(host.agent.port ?? 0)")
            try text.add("  socket: \(moved)", to: "api")
            let client = try text.save(scenario, as: "client.yml")
            let told = try host.run("reload", over: client)
            scenario.check(
                told.succeeded && told.output.contains("note: \(moved): there is no such socket"), "\(told)")
            scenario.check(try answers(host.socket), "the socket is gone with its successor unborn")
            let failures = agent.logged("local API can't listen, trying every 10 s")
            scenario.check(failures.first?["still_on"] == host.socket, "\(failures)")
            _ = try Directory.make(scenario.scratch.path("none"), mode: 0o755)
            try scenario.wait(until: "the socket at its new place", within: .seconds(15)) {
                try answers(moved)
            }
            try scenario.wait(until: "the old one's end") { try File.statusOfEntry(host.socket) == nil }

            // Its group doesn't exist.
            try configure("socket: \(moved)", "socket_group: nobody-has-this-group")
            agent.signal(.hangup)
            try scenario.wait(until: "the complaint") {
                agent.logged("local API can't listen, trying every 10 s").count == 2
            }
            scenario.check(try answers(moved), "the socket is gone with a group that doesn't exist")

            // Its file is removed: it is back at a reload, and without one.
            try configure("socket: \(moved)")
            try File.remove(moved)
            agent.signal(.hangup)
            try scenario.wait(until: "the socket after a reload", within: .seconds(5)) { try answers(moved) }
            try File.remove(moved)
            try scenario.wait(until: "the socket that was taken away", within: .seconds(15)) {
                try answers(moved)
            }
            scenario.check(
                agent.logged("local API's socket was taken away, and is put back").count == 2,
                agent.lastLines)
            scenario.check(host.agent.stop() == .exited(0), "it didn't end well")
            scenario.check(try File.statusOfEntry(moved) == nil, "the socket is still there")
        }
    }

    private static func freePort() throws -> UInt16 {
        let socket = try Socket.listen(host: "127.0.0.1", port: 0)
        return try socket.localPort() ?? 0
    }
}
