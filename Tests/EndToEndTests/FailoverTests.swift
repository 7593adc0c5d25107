import FoundationEssentials
import POSIX
import Testing

@Suite(.serialized) struct `Several brokers` {
    @Test func `the second is asked, in the same attempt, when nothing can be sent to the first`()
        async throws
    {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "4"])
            try AgentProcess.enroll(scenario, for: lab)
            var configuration = try ConfigurationText(of: lab)
            let away = "https://127.0.0.1:1"
            try configuration.replace("url: \"https://\(lab.brokerAddress)\"", with: "url: \"\(away)\"")
            try configuration.add("  failover_urls: [\"https://\(lab.brokerAddress)\"]", to: "broker")
            let agent = try AgentProcess(scenario, for: lab, configuration: try configuration.save(scenario))
            let status = try agent.awaitValid(scenario)
            scenario.check(lab.orders.count == 4, "\(lab.orders.count) orders")
            scenario.check(status.broker.state == "reachable", "\(status.broker)")
            scenario.check(
                status.broker.endpoints.map(\.state) == ["unreachable", "reachable"], "\(status.broker)")
            scenario.check(status.broker.endpoint == "https://\(lab.brokerAddress)", "\(status.broker)")
            scenario.check(
                status.broker.endpoints.first?.lastError?.class == "broker_unreachable", "\(status.broker)")
            scenario.check(
                !agent.process.logged("nothing could be sent to a broker, the next one is asked").isEmpty,
                "the log doesn't tell")
        }
    }
}
