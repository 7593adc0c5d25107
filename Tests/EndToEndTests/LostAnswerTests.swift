import Testing

@Suite(.serialized) struct `A lost answer` {
    /// Takes the 90 seconds that an agent gives the broker to finish an order whose answer it didn't get.
    /// A restart meanwhile changes nothing of it.
    @Test func `is asked for again with the same key and found in the broker's cache`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--fault", "lost-answerx1"])
            try AgentProcess.enroll(scenario, for: lab)
            let first = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the order whose answer is lost") {
                !first.process.logged("service certificate processing failed").isEmpty
            }
            let failure = first.process.logged("service certificate processing failed").first
            scenario.check(failure?["stage"] == "order", "stage \(failure?["stage"] ?? "none")")
            scenario.check(failure?["class"] == "connection_lost", "class \(failure?["class"] ?? "none")")

            let files = lab.files(of: "www")
            scenario.check(!files.areThere, "something was installed without an answer")
            let end = first.stop()
            scenario.check(
                end == .exited(0), "the first agent ended with \(end.map { "\($0)" } ?? "nothing")")

            let second = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the certificate", within: .seconds(150)) { files.areThere }
            let complaint = try files.complaint(hostName: "www.lab.test")
            scenario.check(complaint == nil, complaint ?? "")

            let keys = lab.orders.map { $0["key"] }
            let hits = lab.process.logged("cache hit")
            scenario.check(keys.count == 1, "the lab counts \(keys.count) orders")
            scenario.check(hits.map { $0["key"] } == keys, "the retry had another key")
            for agent in [first, second] {
                let requests = agent.process.logged("requesting certificate")
                scenario.check(requests.count == 1, "\(requests.count) requests of one agent")
            }
            scenario.check(
                second.process.logged("certificate installed").first?["cached"] == "true",
                "not from the cache"
            )
        }
    }
}
