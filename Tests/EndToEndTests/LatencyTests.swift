import POSIX
import TestSupport
import Testing

@Suite(.serialized) struct `The local API` {
    private static let median: Duration = .milliseconds(2)
    private static let ninetyNinth: Duration = .milliseconds(20)

    /// Eight places for renewals hang in the broker, in a ninth one RSA key after the other is made.
    @Test func `answers at once while renewals hang and an RSA key is made`() async throws {
        try await Scenario.play { scenario in
            let hanging = (1...8).map { "c000\($0)" }
            let lab = try LabProcess(
                scenario, ["--certificates", "14"] + hanging.flatMap { ["--fault", "hang@\($0)"] })
            try AgentProcess.enroll(scenario, for: lab)
            var configuration = try ConfigurationText(of: lab)
            configuration.append("renewal: {concurrency: 9}\n")
            try configuration.add("  timeout: 120s", to: "broker")
            for name in ["c0009", "c0010", "c0011", "c0012", "c0013", "c0014"] {
                try configuration.add("key_type: rsa-4096", toCertificate: name)
            }
            let agent = try AgentProcess(scenario, for: lab, configuration: try configuration.save(scenario))
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "eight orders to hang") { lab.process.logged("fault").count == 8 }

            // One more try on a machine that somebody else keeps busy.
            for isLast in [false, true] {
                try Self.awaitLoad(agent, scenario)
                let figures = try ["/healthz", "/v1/status", "/metrics"].map { path in
                    try Self.measure(path, agent, scenario)
                }
                try Self.awaitLoad(agent, scenario)
                print("Latency of the API under load:", figures.map(\.description).joined(separator: "; "))
                if figures.allSatisfy(\.isGood) { return }
                scenario.check(!isLast, "too slow: \(figures)")
            }
        }
    }

    /// From one key to the next there is a moment without one.
    private static func awaitLoad(_ agent: AgentProcess, _ scenario: Scenario) throws {
        try scenario.wait(until: "eight orders to hang and an RSA key to be made", within: .seconds(5)) {
            let stages = try agent.status().certificates.compactMap { $0.currentRenewal?.stage }
            return stages.count { $0 == "order" } == 8 && stages.contains("key")
        }
    }

    private struct Figures: CustomStringConvertible {
        let path: String
        let median: Duration
        let ninetyNinth: Duration

        var isGood: Bool { median < `The local API`.median && ninetyNinth < `The local API`.ninetyNinth }
        var description: String { "\(path) median \(median), p99 \(ninetyNinth)" }
    }

    /// Three hundred requests, one after the other on one connection.
    private static func measure(_ path: String, _ agent: AgentProcess, _ scenario: Scenario) throws -> Figures
    {
        let client = try RawClient(port: agent.port)
        let clock = ContinuousClock()
        var times: [Duration] = []
        for _ in 0..<300 {
            let start = clock.now
            try client.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(agent.port ?? 0)\r\n\r\n")
            let answer = try client.answer()
            times.append(clock.now - start)
            try scenario.require(answer.status == 200, "\(path): \(answer)")
        }
        times.sort()
        return Figures(path: path, median: times[150], ninetyNinth: times[297])
    }
}
