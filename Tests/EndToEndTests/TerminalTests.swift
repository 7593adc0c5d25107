import POSIX
import TestSupport
import Testing

/// The agent's own client on a terminal.
@Suite(.serialized) struct `On a terminal` {
    /// Runs a command on a terminal of so many columns and rows, and tells what it wrote with `^` for the escapes.
    private static let script = """
        import fcntl, os, pty, struct, sys, termios
        sys.stdout.reconfigure(encoding="utf-8")
        columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
        child, terminal = pty.fork()
        if child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execv(command[0], command)
        unread = b""
        while True:
            try: new = os.read(terminal, 65536)
            except OSError: new = b""
            unread += new
            done, _, unread = unread.rpartition(b"\\n")
            print(done.decode().replace("\\x1b", "^").replace("\\r", ""), flush=True)
            if not new: break
        print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """

    private static func arguments(columns: Int, rows: Int, _ command: String...) -> [String] {
        ["-uc", script, "\(columns)", "\(rows)", Program.agent] + command
    }

    private static func start(
        _ scenario: Scenario, certificates: Int, reload: String
    ) throws -> (lab: LabProcess, agent: AgentProcess, configuration: String) {
        let lab = try LabProcess(
            scenario, ["--certificates", "\(certificates)", "--reload-command", reload])
        try AgentProcess.enroll(scenario, for: lab)
        var text = try ConfigurationText(of: lab)
        try text.add("  socket: \(scenario.scratch.path("agent.sock"))", to: "api")
        let configuration = try text.save(scenario)
        let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
        try agent.awaitValid(scenario)
        return (lab, agent, configuration)
    }

    @Test func `progress keeps to its rows until the outcome is told`() async throws {
        try await Scenario.play { scenario in
            let (_, _, configuration) = try Self.start(scenario, certificates: 2, reload: "sleep 1")
            let answer = try Shell.run(
                Program.python,
                Self.arguments(columns: 80, rows: 24, "renew", "c0001", "c0002", "-c", configuration))
            scenario.check(answer.output.contains("ended with 0"), "\(answer)")
            let updates = answer.output.split(separator: "^[2A").map {
                $0.split(separator: "\n").map { $0.replacing("^[K", with: "") }.filter { !$0.isEmpty }
            }
            scenario.check(updates.count > 3, "\(answer)")
            for rows in updates.dropLast() {
                scenario.check(rows.count == 2 && rows.allSatisfy { $0.count < 80 }, "\(rows)")
            }
            scenario.check(
                updates.contains { $0.contains { $0.count == 79 && $0.hasSuffix("…") } },
                "nothing was long enough to be cut: \(updates)")
            scenario.check(updates.last?.first?.contains("reload 1.") == true, "\(answer)")
        }
    }

    @Test func `a watched status shows what fits, and waits for an agent that is started again`() async throws
    {
        try await Scenario.play { scenario in
            let (lab, agent, configuration) = try Self.start(scenario, certificates: 12, reload: "true")
            let watch = try scenario.start(
                "watch", Program.python,
                Self.arguments(columns: 60, rows: 10, "status", "--watch", "-c", configuration))
            try scenario.wait(until: "the status") { watch.lines.contains { $0.contains("more lines") } }
            let shown = watch.lines.map {
                ["^[K", "^[H", "^[J", "^[2J"].reduce($0) { $0.replacing($1, with: "") }
            }
            scenario.check(shown.allSatisfy { $0.count < 60 }, "\(shown)")
            scenario.check(shown.contains { $0.hasPrefix("CERTIFICATE") }, "\(shown)")
            scenario.check(!shown.contains { $0.hasPrefix("c0012") }, "\(shown)")

            scenario.check(agent.stop() == .exited(0), "the agent did not end well")
            try scenario.wait(until: "the news") { watch.lines.contains { $0.contains("can't be reached") } }
            let before = watch.lines.count
            let next = try AgentProcess(
                scenario, configuration: configuration, stateDirectory: lab.agentState, name: "next")
            try next.awaitValid(scenario)
            try scenario.wait(until: "the status again") {
                watch.lines.dropFirst(before).contains { $0.contains("more lines") }
            }
            // Into a pipe it says so, too, and goes on.
            let stream = try scenario.start(
                "stream", Program.agent, ["status", "c0001", "--watch", "-c", configuration])
            try scenario.wait(until: "its status") { stream.lines.contains { $0.contains("serial") } }
            scenario.check(next.stop() == .exited(0), "the agent did not end well")
            try scenario.wait(until: "its news") { stream.lines.contains { $0.contains("can't be reached") } }
            scenario.check(stream.end == nil && watch.end == nil, "it has ended")
            stream.signal(.interrupt)
            scenario.check(
                stream.end(within: .seconds(5)) == .signalled(Signal.interrupt.rawValue), "^C didn't end it")
        }
    }
}
