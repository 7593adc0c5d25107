import FoundationEssentials
import POSIX
import Testing

/// `certplane-agent run`, and its API as curl sees it.
final class AgentProcess: Sendable {
    let process: RunningProcess
    private let stateDirectory: String

    /// Starts an agent with the configuration at `configuration`, under `wrapper` if there is one.
    init(
        _ scenario: Scenario, configuration: String, stateDirectory: String, name: String = "agent",
        environment: [String: String] = Program.environment, under wrapper: [String] = []
    ) throws {
        let command = wrapper + [Program.agent, "run", "--config", configuration]
        process = try scenario.start(name, command[0], Array(command.dropFirst()), environment: environment)
        self.stateDirectory = stateDirectory
    }

    convenience init(_ scenario: Scenario, for lab: LabProcess, configuration: String? = nil) throws {
        try self.init(
            scenario, configuration: configuration ?? lab.configuration, stateDirectory: lab.agentState)
    }

    /// Runs another command of the agent's to its end.
    static func command(_ arguments: String..., within patience: Duration = .seconds(30)) throws
        -> Shell.Answer
    {
        try Shell.run(Program.agent, arguments, within: patience)
    }

    static func enroll(_ scenario: Scenario, for lab: LabProcess) throws {
        let answer = try command("enroll", "--config", lab.configuration)
        try scenario.require(answer.succeeded, "enroll: \(answer)")
    }

    /// Asks it to end and says how it did; nil if it didn't within ten seconds.
    func stop() -> ProcessEnd? {
        process.signal(.terminate)
        return process.end(within: .seconds(10))
    }
}

// MARK: The local API

extension AgentProcess {
    struct Response: CustomStringConvertible {
        /// 0 when there was no answer.
        let status: Int
        let body: String

        var description: String { "\(status) \(body)" }
    }

    /// The port that the log tells, once it does.
    var port: UInt16? {
        // The Unix socket has such a line too, without an address.
        process.logged("local API listening").compactMap { $0["address"] }.last?.split(separator: ":").last
            .flatMap { UInt16($0) }
    }

    /// Waits until the API listens.
    func awaitAPI(_ scenario: Scenario) throws {
        try scenario.wait(until: "the agent's API") {
            if let end = process.end { throw Shortcoming("the agent ended: \(end)") }
            return port != nil
        }
    }

    /// The URL of a path; without a port, one that nobody answers.
    func url(_ path: String) -> String { "http://127.0.0.1:\(port ?? 0)\(path)" }

    func get(_ path: String) throws -> Response { try curl(path, []) }

    /// Posts without a body, with the token that the agent keeps in its state directory.
    func post(_ path: String) throws -> Response {
        let token = try File.read(stateDirectory + "/api.token", limit: 4096)
        let header =
            "Authorization: Bearer " + String(decoding: token, as: UTF8.self).filter { !$0.isWhitespace }
        return try curl(path, ["--request", "POST", "--header", header])
    }

    private func curl(_ path: String, _ options: [String]) throws -> Response {
        let arguments = ["--silent", "--noproxy", "*", "--max-time", "10", "--write-out", "\n%{http_code}"]
        let answer = try Shell.run(Program.curl, arguments + options + [url(path)])
        let lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false)
        return Response(
            status: lines.last.flatMap { Int($0) } ?? 0, body: lines.dropLast().joined(separator: "\n"))
    }

    /// The status document.
    func status() throws -> AgentStatus {
        let response = try get("/v1/status")
        guard response.status == 200 else { throw Shortcoming("GET /v1/status: \(response)") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(AgentStatus.self, from: Data(response.body.utf8))
    }

    func certificate(_ name: String) throws -> AgentStatus.Certificate {
        guard let found = try status().certificates.first(where: { $0.name == name }) else {
            throw Shortcoming("the status doesn't know the certificate \(name)")
        }
        return found
    }

    /// Asks for a renewal now.
    func renew(_ name: String, _ scenario: Scenario) throws {
        let response = try post("/v1/certificates/\(name)/renew")
        try scenario.require(response.status == 202, "POST …/\(name)/renew: \(response)")
    }

    /// Waits until each of these is valid, and says the status then.
    @discardableResult
    func awaitValid(_ scenario: Scenario, within patience: Duration = .seconds(20)) throws -> AgentStatus {
        try awaitAPI(scenario)
        return try scenario.wait(for: "all certificates to be valid", within: patience) {
            let status = try status()
            // Before the configuration is in force there are none.
            let isValid =
                !status.certificates.isEmpty && status.certificates.allSatisfy { $0.state == "valid" }
            return isValid ? status : nil
        }
    }
}
