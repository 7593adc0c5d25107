import FoundationEssentials
import POSIX
import TestSupport
import Testing

/// The agent held to its own OpenAPI document by schemathesis: examples, edges, random requests good and bad, and
/// sequences that follow the document's links.
@Suite(.serialized) struct `The contract` {
    private struct Host {
        let lab: LabProcess
        let agent: AgentProcess
        private let folder: String

        init(_ scenario: Scenario) throws {
            lab = try LabProcess(scenario, ["--certificates", "3", "--reload-command", "true"])
            try AgentProcess.enroll(scenario, for: lab)
            agent = try AgentProcess(scenario, for: lab)
            try agent.awaitValid(scenario, within: .seconds(60))
            folder = scenario.scratch.path
        }

        /// Runs all checks and all phases with this token.
        func check(token: String, examples: Int) throws -> Shell.Answer {
            // It leaves a folder of its own where it is started.
            try Shell.run(
                Program.shell,
                [
                    "-c", "cd \"$0\" && exec \"$@\"", folder, try Tool.schemathesis(),
                    "run", agent.url("/openapi.json"), "--header", "Authorization: Bearer \(token)",
                    "--checks",
                    "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "\(examples)",
                    "--workers", "2", "--generation-database", "none", "--no-color", "--request-timeout",
                    "30",
                ], within: .seconds(280))
        }

        func token() throws -> String {
            let content = try File.read(lab.agentState + "/api.token", limit: 4096)
            return String(decoding: content, as: UTF8.self).filter { !$0.isWhitespace }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `holds whatever is asked, with the token`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let answer = try host.check(token: try host.token(), examples: 12)
            scenario.check(answer.succeeded, "\(answer.output.suffix(8000))")
            scenario.check(answer.output.contains("No issues found"), "\(answer.output.suffix(2000))")
            // It has not only been refused.
            scenario.check(
                !host.agent.process.logged("renewals requested").isEmpty
                    && !host.agent.process.logged("reload requested").isEmpty
                    && !host.agent.process.logged("configuration reload requested").isEmpty,
                "nothing was changed by all of it")
            scenario.check(try host.agent.get("/healthz").status == 200, "the agent is not well after it")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `with a wrong token changes nothing, whatever is asked`() async throws {
        try await Scenario.play { scenario in
            let host = try Host(scenario)
            let before = try host.agent.status()
            let orders = host.lab.orders.count
            let wrong = String(repeating: "0", count: 64)
            // Answers are 401 instead of what the document promises for the right token: only the rest is judged.
            let answer = try host.check(token: wrong, examples: 6)
            scenario.check(answer.code == 0 || answer.code == 1, "\(answer.output.suffix(4000))")
            scenario.check(answer.output.contains("cases"), "\(answer.output.suffix(4000))")
            for event in [
                "renewal requested", "renewals requested", "reload requested",
                "configuration reload requested",
            ] {
                scenario.check(host.agent.process.logged(event).isEmpty, "\(event) with a wrong token")
            }
            let after = try host.agent.status()
            scenario.check(
                after.certificates.map(\.installed?.serial) == before.certificates.map(\.installed?.serial),
                "a certificate was renewed")
            scenario.check(host.lab.orders.count == orders, "something was ordered")
        }
    }
}

/// Tools that the tests fetch themselves.
enum Tool {
    static func schemathesis() throws -> String {
        if let path = Environment["CERTPLANE_SCHEMATHESIS"], !path.isEmpty { return path }
        let answer = try Shell.run(Program.repository + "/scripts/schemathesis", [], within: .seconds(300))
        guard answer.succeeded, let path = answer.lines.last else {
            throw Shortcoming("schemathesis can't be installed: \(answer)")
        }
        return String(path)
    }
}
