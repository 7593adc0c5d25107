import Notation
import POSIX

/// `reload`: the running agent reads its configuration again.
struct ReloadCommandLine {
    let configurationPath: String

    func run() throws(CommandFailure) {
        let client = try AgentClient(configuration: configurationPath)
        let reply = try client.post("/v1/reload", patience: .seconds(30))
        if reply.status == 422 { throw Self.refused(reply.json) }
        if let failure = reply.failure { throw failure }
        StandardStream.output.write(Self.text(reply.json))
        // The agent binds it after the answer, if it can.
        guard reply.json.list("settings").compactMap(\.text).contains("api.socket"),
            let obstacle = client.obstacleAtSocket(within: .seconds(2))
        else { return }
        StandardStream.output.write("  note: \(obstacle); the agent's log says why\n")
    }

    private static func refused(_ problem: JSONValue) -> CommandFailure {
        let problems = problem.list("errors").compactMap(\.text)
        return CommandFailure(
            code: .usage, message: "the agent refused the configuration, the one before stays in force",
            advice: ["Correct the file, see 'certplane-agent check', and reload again."],
            report: problems.map { "  \($0)\n" }.joined())
    }

    private static func text(_ reload: JSONValue) -> String {
        guard reload.isTrue("changed_anything") else { return "Read again; nothing has changed.\n" }
        var text = "Read again and in force.\n"
        func add(_ what: String, _ names: [JSONValue]) {
            let names = names.compactMap(\.text)
            if !names.isEmpty { text += "  \(what): \(names.joined(separator: ", "))\n" }
        }
        let certificates = reload["certificates"] ?? .null
        add("added", certificates.list("added"))
        add("changed", certificates.list("changed"))
        add("removed (their files stay)", certificates.list("removed"))
        add("settings", reload.list("settings"))
        add("only after a restart", reload.list("restart_required"))
        return text
    }
}
