import POSIX
import TestSupport
import Testing

/// A directory of outputs in which no system call returns, as on a file server that is gone: it holds up nobody but its
/// own certificate.
@Suite(.serialized, .enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
struct `A directory that hangs` {
    /// Five certificates that are well, and an agent that looks at them every ten seconds.
    private static func host(
        _ scenario: Scenario, lab options: [String] = [], settings: String = ""
    ) throws -> (lab: LabProcess, configuration: String) {
        try MountNamespace.enter()
        let lab = try LabProcess(scenario, ["--certificates", "5"] + options)
        try AgentProcess.enroll(scenario, for: lab)
        var configuration = try ConfigurationText(of: lab)
        configuration.append("check_interval: 10s\n" + settings)
        return (lab, try configuration.save(scenario, as: "hang.yml"))
    }

    private static func threads(of pid: Int32) throws -> [String] {
        try Directory.open("/proc/\(pid)/task").entries().compactMap { thread in
            // One that has just ended is none.
            (try? File.read("/proc/\(pid)/task/\(thread)/comm", limit: 64)).map {
                String(decoding: $0.dropLast(), as: UTF8.self)
            }
        }
    }

    private static func expectStop(_ agent: AgentProcess, _ scenario: Scenario) {
        let end = agent.stop()
        scenario.check(end == .exited(0), "the agent ended with \(end.map { "\($0)" } ?? "nothing")")
    }

    @Test func `while the agent runs is told of, and holds up nobody else`() async throws {
        try await Scenario.play { scenario in
            let (lab, configuration) = try Self.host(scenario)
            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try agent.awaitValid(scenario)
            let before = try agent.certificate("c0005").installed?.serial
            let hanging = try MountNamespace.hanging(at: lab.outputs + "/c0003")
            defer { hanging.free() }
            try File.remove(lab.outputs + "/c0004/cert.pem")
            try scenario.wait(until: "the lost certificate to be ordered", within: .seconds(20)) {
                lab.files(of: "c0004").areThere
            }
            try scenario.wait(until: "the hanging one to be told of", within: .seconds(20)) {
                try agent.certificate("c0003").state == "unknown"
            }
            let status = try agent.certificate("c0003")
            scenario.check(status.why.contains("hangs"), "why: \(status.why)")
            scenario.check(status.advice?.contains("umount") == true, "advice: \(status.advice ?? "none")")
            let readiness = try agent.get("/readyz?verbose")
            scenario.check(readiness.body.contains("c0003"), "\(readiness)")
            let told = agent.process.logged("directory of a certificate hangs")
            scenario.check(told.count == 1, "\(told)")
            try agent.renew("c0005", scenario)
            try scenario.wait(until: "a forced renewal", within: .seconds(10)) {
                try agent.certificate("c0005").installed?.serial != before
            }
            Self.expectStop(agent, scenario)
        }
    }

    @Test func `while a renewal installs gives its place to others, and is renewed when it answers`()
        async throws
    {
        try await Scenario.play { scenario in
            let (lab, configuration) = try Self.host(
                scenario, lab: ["--issue-delay", "1s"], settings: "renewal: {concurrency: 1}\n")
            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            let before = try agent.awaitValid(scenario).certificates.map(\.installed?.serial)
            try agent.renew("c0003", scenario)
            try scenario.wait(until: "the order") {
                try agent.certificate("c0003").currentRenewal?.stage == "order"
            }
            let hanging = try MountNamespace.hanging(at: lab.outputs + "/c0003")
            try agent.renew("c0005", scenario)
            try scenario.wait(until: "the hanging one to be told of", within: .seconds(80)) {
                !agent.process.logged("directory of a certificate hangs").isEmpty
            }
            try scenario.wait(until: "the next renewal", within: .seconds(10)) {
                let serial = try agent.certificate("c0005").installed?.serial
                return serial != nil && serial != before[4]
            }
            let status = try agent.certificate("c0003")
            scenario.check(status.state == "renewing" && status.why.contains("a renewal"), "\(status)")
            let readiness = try agent.get("/readyz?verbose")
            scenario.check(readiness.body.contains("c0003"), "\(readiness)")

            hanging.free()
            try scenario.wait(until: "nobody to be in there any more") {
                (try? MountNamespace.unmount(lab.outputs + "/c0003")) != nil
            }
            try scenario.wait(until: "it to answer") {
                !agent.process.logged("directory of a certificate answers again").isEmpty
            }
            try scenario.wait(until: "its renewal", within: .seconds(60)) {
                let status = try agent.certificate("c0003")
                return status.state == "valid" && status.installed?.serial != before[2]
            }
            scenario.check(agent.process.logged("directory of a certificate hangs").count == 1, "told once")
            Self.expectStop(agent, scenario)
        }
    }

    /// One of the outputs, and one that only an earlier configuration had.
    @Test func `at a start holds up no other certificate, and no command for long`() async throws {
        try await Scenario.play { scenario in
            let (lab, configuration) = try Self.host(scenario)
            let tag = try File.read(lab.agentState + "/staging-tag", limit: 64)
            let litter = "/.certplane-" + String(decoding: tag, as: UTF8.self) + "0123456789abcdef"
            let former = scenario.scratch.path("former")
            for folder in [former, lab.outputs + "/c0001", lab.outputs + "/c0003"] {
                _ = try Directory.make(folder, mode: 0o755)
            }
            let left = lab.outputs + "/c0001" + litter
            try scenario.scratch.write("lab/certs/c0001" + litter, "half", mode: 0o600)
            try scenario.scratch.write("lab/agent/directories", former, mode: 0o600)
            let hanging = try [former, lab.outputs + "/c0003"].map { try MountNamespace.hanging(at: $0) }
            defer { for one in hanging { one.free() } }

            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try scenario.wait(until: "the API", within: .seconds(4)) { agent.port != nil }
            try scenario.wait(until: "the other certificates", within: .seconds(20)) {
                ["c0001", "c0002", "c0004", "c0005"].allSatisfy { lab.files(of: $0).areThere }
            }
            try scenario.wait(until: "the hanging directories to be told of", within: .seconds(20)) {
                agent.process.logged("directory hangs, what was left staged in it stays").count == 2
            }
            scenario.check(try File.status(left) == nil, "\(left) was not swept")
            try scenario.wait(until: "the hanging certificate to be told of", within: .seconds(10)) {
                try agent.certificate("c0003").why.contains("hangs")
            }
            Self.expectStop(agent, scenario)

            let recovery = try AgentProcess.command("recover", "--config", configuration)
            scenario.check(!recovery.succeeded, "\(recovery)")
            scenario.check(recovery.output.contains(former), "\(recovery)")
            let once = try AgentProcess.command("run", "--once", "--config", configuration)
            scenario.check(!once.succeeded && once.output.contains("hangs"), "\(once)")
        }
    }

    /// Of an install that a crash left open; at the start the directory hangs already, or is not mounted yet.
    @Test(arguments: [true, false])
    func `that an open install waits for holds up neither others nor the end`(atStart: Bool) async throws {
        try await Scenario.play { scenario in
            let (lab, configuration) = try Self.host(scenario)
            let folder = lab.outputs + "/c0003"
            let entry = """
                {"version":1,"subject":"c0003","files":[{"path":"\(folder)/privkey.pem","stagedName":".gone",\
                "hadOld":true,"isSame":false,"sha256":"00"}]}
                """
            try scenario.scratch.write("lab/agent/journal/install.gone.json", entry, mode: 0o600)
            _ = try Directory.make(folder, mode: 0o755)
            var hanging = atStart ? try MountNamespace.hanging(at: folder) : nil
            defer { hanging?.free() }
            let agent = try AgentProcess(scenario, for: lab, configuration: configuration)
            try scenario.wait(until: "the open install to be told of") {
                !agent.process.logged("interrupted install can't be finished").isEmpty
            }
            try agent.awaitAPI(scenario)
            if !atStart { hanging = try MountNamespace.hanging(at: folder) }
            try scenario.wait(until: "the other certificates", within: .seconds(20)) {
                ["c0001", "c0002", "c0004", "c0005"].allSatisfy { lab.files(of: $0).areThere }
            }
            try scenario.wait(until: "the open install to be tried, which hangs", within: .seconds(20)) {
                try Self.threads(of: agent.process.pid).contains("install")
            }
            let before = try agent.certificate("c0005").installed?.serial
            try agent.renew("c0005", scenario)
            try scenario.wait(until: "a forced renewal", within: .seconds(10)) {
                try agent.certificate("c0005").installed?.serial != before
            }
            let health = try agent.get("/healthz")
            scenario.check(health.status == 200, "\(health)")
            agent.process.signal(.terminate)
            let end = agent.process.end(within: .seconds(16))
            scenario.check(end == .exited(0), "the agent ended with \(end.map { "\($0)" } ?? "nothing")")
        }
    }
}
