import Agent
import Configuration
import Notation
import POSIX
import Transfer

/// Asks the running agent, for the commands.
struct AgentClient {
    private let ways: AgentWays
    private let session: Session

    /// The way that the configuration at `path` tells. An agent goes on with its old configuration when the file has
    /// problems, and can be asked: where the file says all the same, or where a service's socket is by default.
    init(configuration path: String) throws(CommandFailure) {
        do { session = try Session() } catch {
            throw CommandFailure(code: .failure, message: "libcurl can't be used: \(error)")
        }
        do throws(CommandFailure) {
            ways = AgentWays(AgentReach(try ConfigurationFile(path: path).loadForCommand().settings))
        } catch {
            let candidates = [ConfigurationFile(path: path).reach().map { AgentWays($0) }, .standard]
            guard let open = candidates.lazy.compactMap(\.self).first(where: { (try? $0.open()) != nil })
            else { throw error }
            ways = open
        }
    }

    func get(_ target: String) throws(CommandFailure) -> AgentReply {
        try perform(.get, target, [], [])
    }

    /// - Parameter patience: how long the agent may hold the answer.
    func post(
        _ target: String, _ body: [UInt8] = [], patience: Duration = .zero
    ) throws(CommandFailure) -> AgentReply {
        let type = body.isEmpty ? [] : [HeaderField("Content-Type", "application/json")]
        return try perform(.post, target, type, body, patience: patience)
    }

    /// What stands in the way to the socket that the configuration names, if it still does when `patience` has ended.
    func obstacleAtSocket(within patience: Duration) -> String? {
        let end = Clock.boottime() + patience
        while true {
            guard let obstacle = ways.obstacleAtSocket() else { return nil }
            if Clock.boottime() >= end { return obstacle }
            _ = Pause.wait(.milliseconds(50))
        }
    }

    private func perform(
        _ method: Method, _ target: String, _ fields: [HeaderField], _ body: [UInt8],
        patience: Duration = .zero
    ) throws(CommandFailure) -> AgentReply {
        let way = try ways.open()
        var fields = fields
        if method == .post, case .port = way { fields.append(try authorization()) }
        let limits = ExchangeLimits(
            connectTimeout: .seconds(5), timeout: .seconds(30) + patience, answerBytes: 256 << 20)
        let request = LocalRequest(
            method, target, at: way.endpoint, headers: fields, body: body, limits: limits)
        let answer: Answer
        do { answer = try session.perform(request) } catch {
            throw CommandFailure(
                code: .agentNotReachable, message: "the agent at \(way.name) did not answer: \(error)",
                advice: ["Its log says more. /healthz tells whether it makes progress."])
        }
        return try AgentReply(answer, of: "\(method.rawValue) \(target)")
    }

    private func authorization() throws(CommandFailure) -> HeaderField {
        guard let path = ways.tokenPath else {
            throw CommandFailure(code: .failure, message: "there is no token")
        }
        do throws(SystemError) {
            let content = try File.read(path, limit: 4096)
            let token = String(decoding: content, as: UTF8.self).filter { !$0.isWhitespace }
            return HeaderField("Authorization", "Bearer \(token)")
        } catch {
            throw CommandFailure(
                code: .failure, message: "the token for changes can't be read: \(error)",
                advice: ["Run this as root, or as a member of api.socket_group with api.socket configured."])
        }
    }
}

/// What the agent answered.
struct AgentReply {
    let status: Int
    let bytes: [UInt8]
    let json: JSONValue

    init(_ answer: Answer, of request: String) throws(CommandFailure) {
        status = answer.status
        bytes = answer.body
        do { json = try JSONReader.read(answer.body, deepest: 64) } catch {
            throw CommandFailure(
                code: .failure, message: "the answer to \(request) is not JSON: \(error)",
                advice: ["Is it the agent that listens there?"])
        }
    }

    /// For an answer that is a problem document: what it says, with what can be done.
    var failure: CommandFailure? {
        guard status >= 400 else { return nil }
        let title = json.text("title") ?? "the agent answered \(status)"
        var advice = [json.text("detail")].compactMap(\.self)
        advice += json.list("errors").compactMap(\.text)
        return CommandFailure(code: .failure, message: title, advice: advice)
    }
}
