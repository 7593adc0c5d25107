import FoundationEssentials
import POSIX
import TestSupport
import Testing

/// Reload commands that misbehave in every way, for real.
@Suite(.serialized) struct `A reload command` {
    /// A certificate of the lab, its command, and how its run ends.
    private struct Row {
        let name: String
        let command: String
        let end: End

        enum End {
            case completed
            /// Its first act was to write its number into the file of this name.
            case timedOut(noted: String)

            var isTimeout: Bool { if case .timedOut = self { true } else { false } }
        }
    }

    private static let timeout: Duration = .seconds(10)

    private static func table(_ scratch: String) -> [Row] {
        [
            Row(
                name: "c0001",
                command: "setsid sleep 300 & echo $! > \(scratch)/daemon.pid; exit 0", end: .completed),
            Row(name: "c0002", command: "head -c 100000000 /dev/zero | tr '\\\\0' x", end: .completed),
            Row(
                name: "c0003",
                command: "trap '' TERM; echo $$ > \(scratch)/deaf.pid; while :; do sleep 1; done",
                end: .timedOut(noted: "deaf")),
            Row(
                // Only a user who isn't root is held to a number of processes.
                name: "c0004",
                command: "echo $$ > \(scratch)/forks.pid; exec setpriv --reuid=54321 --regid=54321 "
                    + "--clear-groups prlimit --nproc=60 python3 \(scratch)/forks.py",
                end: .timedOut(noted: "forks")),
            Row(
                name: "c0005", command: "echo $$ > \(scratch)/endless.pid; exec sleep 1000",
                end: .timedOut(noted: "endless")),
            Row(name: "c0006", command: "touch \(scratch)/well", end: .completed),
        ]
    }

    private static let forks = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)

        """

    @Test func `that misbehaves is bounded in time and memory, and holds up nobody else`() async throws {
        try await Scenario.play { scenario in
            let scratch = scenario.scratch.path
            _ = try Shell.line("chmod 711 '\(scratch)'")
            try scenario.scratch.write("forks.py", Self.forks)
            let table = Self.table(scratch)
            let lab = try LabProcess(scenario, ["--certificates", "\(table.count)"])
            try AgentProcess.enroll(scenario, for: lab)
            var configuration = try ConfigurationText(of: lab)
            for row in table {
                try configuration.add(
                    "reload_command: \"\(row.command.replacing("\"", with: "\\\""))\"\n"
                        + "    reload_timeout: \(Self.timeout.components.seconds)s", toCertificate: row.name)
            }
            scenario.atEnd { _ = try? Shell.line("kill $(cat '\(scratch)/daemon.pid')") }
            let agent = try AgentProcess(scenario, for: lab, configuration: try configuration.save(scenario))
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the end of every run", within: .seconds(60)) {
                Self.ends(of: agent).count == table.count
            }

            for row in table {
                switch row.end {
                case .completed:
                    let completed = agent.process.logged("reload completed", ["certificate": row.name])
                    scenario.check(completed.count == 1, "\(row.name) did not complete")
                case .timedOut(let noted):
                    let took = try Self.duration(of: row.name, from: "\(scratch)/\(noted).pid", agent)
                    scenario.check(
                        took >= Self.timeout - .milliseconds(100) && took <= Self.timeout + .seconds(6),
                        "\(row.name) took \(took)")
                    let status = try agent.certificate(row.name)
                    scenario.check(status.state == "reload_pending", "\(row.name): \(status)")
                }
            }
            let order = Self.ends(of: agent).map { $0["certificate"] ?? "" }
            let firstHung = order.firstIndex { name in
                table.contains { $0.name == name && $0.end.isTimeout }
            }
            scenario.check(
                order.prefix(firstHung ?? 0).sorted() == ["c0001", "c0002", "c0006"],
                "somebody waited for another's command: \(order)")
            try Self.checkProcesses(of: agent, scratch, scenario)
            let peak = try Self.memory(of: agent, "VmHWM")
            scenario.check(peak < 96 << 10, "the agent's memory went up to \(peak) KiB")
            scenario.check(agent.stop() == .exited(0), "the agent did not end well")
        }
    }

    /// Takes the thirty seconds of the first retry.
    @Test func `that always fails is tried again after 30 seconds, also by the next agent`() async throws {
        try await Scenario.play { scenario in
            let runs = scenario.scratch.path("runs")
            let lab = try LabProcess(
                scenario,
                ["--reload-command", "date +%s.%N >> \(runs); systemctl restart nowhere.service; exit 5"])
            try AgentProcess.enroll(scenario, for: lab)
            let first = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the first failed run") {
                !first.process.logged("reload failed").isEmpty
            }
            try scenario.wait(until: "the debt in the log") {
                !first.process.logged("reload pending: the service may still use the old certificate").isEmpty
            }
            scenario.check(first.stop() == .exited(0), "the first agent did not end well")

            let second = try AgentProcess(scenario, for: lab)
            try second.awaitAPI(scenario)
            let status = try scenario.wait(for: "the debt in the next agent's status") {
                let found = try second.certificate("www")
                return found.state == "reload_pending" ? found : nil
            }
            scenario.check(
                status.why.contains("could not be reloaded") && status.why.contains("next try at"), status.why
            )
            try scenario.wait(until: "the second run", within: .seconds(45)) {
                !second.process.logged("reload failed").isEmpty
            }
            let times = try scenario.scratch.read("runs").split(separator: "\n").compactMap { Double($0) }
            scenario.check(times.count == 2, "\(times.count) runs")
            let wait = (times.last ?? 0) - (times.first ?? 0)
            scenario.check((29...36).contains(wait), "the second run came after \(wait) s")
            scenario.check(lab.orders.count == 1, "\(lab.orders.count) orders")
        }
    }

    private static func ends(of agent: AgentProcess) -> [LogLine] {
        agent.process.lines.compactMap(LogLine.init).filter {
            $0["msg"] == "reload completed" || $0["msg"] == "reload failed"
        }
    }

    /// From the command's first act to the line of its end.
    private static func duration(of name: String, from file: String, _ agent: AgentProcess) throws -> Duration
    {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let start = try Shell.run("/usr/bin/stat", ["--format=%.3Y", file]).lines.first.flatMap { Double($0) }
        let end = ends(of: agent).first { $0["certificate"] == name }?["time"].flatMap {
            try? style.parse($0)
        }
        guard let start, let end else { throw Shortcoming("no times for the reload of \(name)") }
        return .seconds(end.timeIntervalSince1970 - start)
    }

    /// Nobody of the commands' groups is left but the daemon that ended well, and no zombie.
    private static func checkProcesses(of agent: AgentProcess, _ scratch: String, _ scenario: Scenario) throws
    {
        for name in ["deaf", "forks", "endless"] {
            let pid = try scenario.scratch.read("\(name).pid").split(separator: "\n").joined()
            // A dead one whose parent is gone is for init to bury.
            let group = try Shell.line(
                "cat /proc/[0-9]*/stat 2>/dev/null | awk '$5 == \(pid) && $3 != \"Z\"'")
            scenario.check(group.output.isEmpty, "of \(name) there is still \(group.output)")
        }
        let daemon = try scenario.scratch.read("daemon.pid").split(separator: "\n").joined()
        scenario.check(try File.status("/proc/\(daemon)") != nil, "the daemon was not left alone")
        let zombies = try Shell.line(
            "cat /proc/[0-9]*/stat 2>/dev/null | awk '$4 == \(agent.process.pid) && $3 == \"Z\"'")
        scenario.check(zombies.output.isEmpty, "zombies: \(zombies.output)")
    }

    private static func memory(of agent: AgentProcess, _ key: String) throws -> Int {
        let status = String(
            decoding: try File.read("/proc/\(agent.process.pid)/status", limit: 1 << 16), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        guard let value = line?.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
            throw Shortcoming("no \(key) in \(status)")
        }
        return value
    }
}
