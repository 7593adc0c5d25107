import POSIX
import TestSupport
import Testing

/// A directory of outputs in which no system call returns, as on a file server that is gone: it holds up nobody but its
/// own certificate.
@Suite(.serialized, .enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
struct `A directory that hangs` {
    /// Five certificates that are well, and an agent that looks at them every ten seconds.
    private static func host(_ scenario: Scenario) throws -> (lab: LabProcess, configuration: String) {
        try MountNamespace.enter()
        let lab = try LabProcess(scenario, ["--certificates", "5"])
        try AgentProcess.enroll(scenario, for: lab)
        var configuration = try ConfigurationText(of: lab)
        configuration.append("check_interval: 10s\n")
        return (lab, try configuration.save(scenario, as: "hang.yml"))
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
}
