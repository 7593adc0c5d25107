import FoundationEssentials
import HTTP
import Notation
import POSIX

/// `status`: what the running agent says of itself and its certificates.
struct StatusCommand {
    private static let interval = Duration.seconds(2)

    let configurationPath: String
    let name: String?
    let json: Bool
    let watch: Bool

    func run() throws(CommandFailure) {
        let client = try AgentClient(configuration: configurationPath)
        let screen = LiveScreen()
        repeat {
            let text = try show(client)
            if watch { screen.show(text) } else { StandardStream.output.write(text) }
        } while watch && Pause.wait(Self.interval)
    }

    private func show(_ client: AgentClient) throws(CommandFailure) -> String {
        guard let name else {
            let reply = try client.get("/v1/status")
            if let failure = reply.failure { throw failure }
            if json { return String(decoding: reply.bytes, as: UTF8.self) }
            return StatusText.table(reply.json)
        }
        let reply = try client.get("/v1/certificates/\(PercentEncoding.encodeSegment(name))")
        if reply.status == 404 { throw try client.unknown([name]) }
        if let failure = reply.failure { throw failure }
        return json ? String(decoding: reply.bytes, as: UTF8.self) : StatusText.details(reply.json, at: .now)
    }
}

extension AgentClient {
    /// What to say of names that no certificate has.
    func unknown(_ names: [String]) throws(CommandFailure) -> CommandFailure {
        let known = try get("/v1/certificates").json.list("certificates").compactMap { $0.text("name") }
        var advice = names.compactMap { nearest(to: $0, in: known) }.map { "Did you mean '\($0)'?" }
        let list = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
        advice.append(known.isEmpty ? "There are no certificates yet." : "There are: \(list).")
        let quoted = names.map { "'\($0)'" }.joined(separator: ", ")
        return CommandFailure(code: .failure, message: "there is no certificate \(quoted)", advice: advice)
    }
}
