import Testing

@Suite(.serialized) struct `A restart storm` {
    /// Two hundred agents in a row, each killed at a random moment of its first second: on the way to the first
    /// certificates, in the middle of orders and installs, and on a host where nothing is due.
    @Test func `places no order beyond the due ones`() async throws {
        try await Scenario.play { scenario in
            let due = 20
            let lab = try LabProcess(scenario, ["--certificates", "\(due)", "--issue-delay", "100ms"])
            try AgentProcess.enroll(scenario, for: lab)
            var requests = 0
            for _ in 0..<200 {
                let agent = try AgentProcess(scenario, for: lab)
                Pause.milliseconds(.random(in: 0...400))
                requests += agent.process.logged("requesting certificate").count
                scenario.check(
                    agent.process.end == nil, "an agent ended by itself: \(agent.process.lastLines)")
                agent.process.kill()
            }
            // Some of the orders were cut off; their answers are waited for, and asked for with the same keys.
            scenario.check(requests > due / 2, "only \(requests) requests in all the storm")
            let last = try AgentProcess(scenario, for: lab)
            try last.awaitValid(scenario, within: .seconds(200))
            scenario.check(lab.orders.count == due, "\(lab.orders.count) orders for \(due) certificates")
            let names = try last.status().certificates.map(\.name)
            for name in names {
                let complaint = try lab.files(of: name).complaint(hostName: "\(name).lab.test")
                scenario.check(complaint == nil, "\(name): \(complaint ?? "")")
            }
            scenario.check(last.stop() == .exited(0), "the last agent did not end well")
        }
    }
}
