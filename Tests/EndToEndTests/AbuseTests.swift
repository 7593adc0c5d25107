import Testing

@Suite(.serialized) struct `A hostile local program` {
    @Test func `makes the agent neither grow nor stand still, and leaves nothing behind`() async throws {
        try await Scenario.play { scenario in
            let folder = Program.agent.dropLast("/certplane-agent".count)
            let script = #filePath.replacing(
                "Tests/EndToEndTests/AbuseTests.swift", with: "Benchmarks/abuse.py")
            let abuse = try Shell.line(
                "exec python3 -B '\(script)' --short --binaries '\(folder)' 2>&1", within: .seconds(240))
            scenario.check(abuse.succeeded, abuse.output)
        }
    }
}
