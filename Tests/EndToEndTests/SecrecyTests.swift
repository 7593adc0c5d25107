import POSIX
import TestSupport
import Testing

/// Token and socket, from their first instant, as the kernel saw them made.
@Suite(.serialized) struct `What must not be open to others` {
    @Test func `never is, not for an instant`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let socket = scenario.scratch.path("agent.sock")
            let trace = scenario.scratch.path("trace")
            var text = try ConfigurationText(of: lab)
            try text.add("  socket: \(socket)", to: "api")
            let agent = try AgentProcess(
                scenario, configuration: try text.save(scenario), stateDirectory: lab.agentState,
                under: [
                    Program.strace, "-D", "-f", "-qq", "-o", trace, "-e",
                    "trace=open,openat,creat,mkdir,mkdirat,mknodat,bind,chmod,fchmod,fchmodat,?fchmodat2,"
                        + "rename,renameat,renameat2,link,linkat,umask",
                ])
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the socket") { try File.statusOfEntry(socket) != nil }
            scenario.check(agent.stop() == .exited(0), "it didn't end well")

            let calls = String(decoding: try File.read(trace, limit: 64 << 20), as: UTF8.self)
                .split(separator: "\n").map(String.init).filter { !$0.contains(" = -1 ") }
            try Self.judgeToken(calls, scenario)
            try Self.judgeSocket(calls, scenario)
        }
    }

    /// Made under another name with mode 0600, complete before it has its own.
    private static func judgeToken(_ calls: [String], _ scenario: Scenario) throws {
        guard let given = calls.firstIndex(where: { $0.contains("linkat(") && $0.contains("\"api.token\"") })
        else {
            throw Shortcoming("nothing was linked to api.token:\n\(calls.joined(separator: "\n"))")
        }
        let staged = calls[given].split(separator: "\"").first { $0.hasPrefix(".certplane-") } ?? "?"
        let made = calls[..<given].filter {
            $0.contains("openat(") && $0.contains("O_CREAT") && $0.contains("\"\(staged)\"")
        }
        scenario.check(made.count == 1, "made \(made.count) times")
        scenario.check(
            made.allSatisfy { $0.contains("O_EXCL") && hasMode("0600", $0) }, "\(made)")
        let widened = calls.filter {
            $0.contains("chmod") && ($0.contains("\"\(staged)\"") || $0.contains("api.token"))
        }
        scenario.check(widened.allSatisfy { $0.contains("0600") }, "\(widened)")
        let direct = calls.filter { $0.contains("O_CREAT") && $0.contains("api.token\"") }
        scenario.check(direct.isEmpty, "\(direct)")
    }

    /// Bound inside a directory that nobody else can enter, closed there, and only then moved to its path.
    private static func judgeSocket(_ calls: [String], _ scenario: Scenario) throws {
        guard let bind = calls.firstIndex(where: { $0.contains("bind(") && $0.contains("AF_UNIX") }) else {
            throw Shortcoming("no socket was bound")
        }
        // Bound by the descriptor of its directory: the one that the same thread opened last.
        scenario.check(
            calls[bind].contains(#/"/proc/self/fd/\d+/s"/#), "bound by a path: \(calls[bind])")
        let thread = calls[bind].prefix { $0 != " " }
        let opened = calls[..<bind].last {
            $0.hasPrefix("\(thread) ") && $0.contains("openat(") && $0.contains("\".certplane-")
        }
        let nursery = opened?.split(separator: "\"").first { $0.hasPrefix(".certplane-") } ?? "?"
        scenario.check(nursery != "?", "bound outside a nursery: \(calls[bind])")
        if let opened, let result = opened.firstMatch(of: #/ = (\d+)$/#) {
            scenario.check(
                calls[bind].contains("/fd/\(result.output.1)/"), "\(opened) is not where \(calls[bind])")
        }
        let made = calls[..<bind].filter { $0.contains("mkdir") && $0.contains(nursery) }
        scenario.check(made.count == 1 && made.allSatisfy { hasMode("0700", $0) }, "\(made)")
        guard let moved = calls.firstIndex(where: { $0.contains("rename") && $0.contains("agent.sock\"") })
        else {
            throw Shortcoming("nothing was moved to agent.sock")
        }
        let closed = calls.firstIndex {
            $0.contains("chmodat") && $0.contains("\"s\"") && $0.contains("0600")
        }
        scenario.check(
            closed.map { bind < $0 && $0 < moved } == true, "bind, chmod and rename are not in this order")
        let later = calls[moved...].filter { $0.contains("chmod") && $0.contains("agent.sock") }
        scenario.check(later.isEmpty, "\(later)")
    }

    /// Whether a call that makes something gives it this mode; another thread may have cut strace's line in two.
    private static func hasMode(_ mode: String, _ call: String) -> Bool {
        call.contains(", \(mode))") || call.contains(", \(mode) <unfinished")
    }
}
