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
        guard watch else { return _ = StandardStream.output.write(try show(client, in: window)) }
        var (screen, problems) = (LiveScreen(), LiveScreen())
        repeat {
            do throws(CommandFailure) {
                // The screen cuts what it shows, and may have become wider when it shows the same again.
                StandardStream.output.write(screen.update(try show(client, in: nil), in: window))
                problems = LiveScreen()
            } catch {
                // An agent that is started again is there in a moment.
                guard error.code == .agentNotReachable else { throw error }
                let text = "\(error.text)\n  Tried again every \(Self.interval.brief), until ^C.\n"
                if json {
                    StandardStream.error.write(problems.update(text, in: nil))
                } else {
                    StandardStream.output.write(screen.update(text, in: window))
                }
            }
        } while Pause.wait(Self.interval)
    }

    /// The terminal to fill; documents are for programs, and go out whole.
    private var window: WindowSize? { json ? nil : StandardStream.output.windowSize }

    private func show(_ client: AgentClient, in window: WindowSize?) throws(CommandFailure) -> String {
        guard let name else {
            let reply = try client.get("/v1/status")
            if let failure = reply.failure { throw failure }
            if json { return String(decoding: reply.bytes, as: UTF8.self) }
            return StatusText.table(reply.json, in: window)
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
