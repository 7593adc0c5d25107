import Foundation
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

/// The server as the agent runs it, asked by curl.
@Suite struct SocketTests {
    @Test func `curl sees health, status, a renewal and refusals`() async throws {
        let server = try RunningServer()
        defer { server.stop() }
        let url = "http://127.0.0.1:\(server.port)"
        #expect(try await curl([url + "/healthz"]) == "200 text/plain; charset=utf-8 ok\n")
        let named = try await curl(["http://localhost:\(server.port)/v1/status"])
        #expect(named.hasPrefix("200 application/json {\"taken_at\""))
        #expect(try await curl(["-I", url + "/v1/status"]).contains("200 application/json"))
        #expect(
            try await curl(["-X", "POST", url + "/v1/certificates/www/renew"]).hasPrefix(
                "401 application/problem+json"))
        #expect(try await curl(["-H", "Host: evil.example", url + "/healthz"]).hasPrefix("421 "))
        #expect(try await curl(["-H", "Content-Length: x", url + "/healthz"]).contains("malformed_request"))
        #expect(try await curl(["-d", "x=1", url + "/healthz"]).hasPrefix("401 "))
        let token = try server.scratch.read("api.token").dropLast()
        let answer = try await curl([
            "-H", "Authorization: Bearer \(token)", "-H", "Content-Type: application/json", "-d",
            #"{"reason":"x"}"#,
            url + "/v1/certificates/www/renew",
        ])
        #expect(answer.hasPrefix("202 application/json {\"renewal\""))
        #expect(server.commands.taken.count == 1)
        let metrics = try await curl([url + "/metrics"])
        #expect(
            metrics.contains(#"certplane_api_requests_total{route="/v1/status",method="HEAD",code="200"} 1"#))
        #expect(
            metrics.contains(#"certplane_api_requests_total{route="unparsed",method="other",code="400"} 1"#))
    }

    @Test func `a taken port is told to the caller and does not end the server`() async throws {
        let first = try RunningServer()
        defer { first.stop() }
        let second = try RunningServer()
        defer { second.stop() }
        #expect(throws: SystemError.self) { try second.server.listen(host: "127.0.0.1", port: first.port) }
        let port = try second.server.listen(host: "127.0.0.1", port: 0).port
        #expect(try await curl(["http://127.0.0.1:\(port)/healthz"]).hasPrefix("200 "))
        #expect(try await curl(["http://127.0.0.1:\(second.port)/healthz"]).hasPrefix("200 "))
        #expect(second.heartbeat.beats > 0)
    }

    @Test func `an address can be exchanged while the api serves`() async throws {
        let running = try RunningServer()
        defer { running.stop() }
        let old = try running.server.listen(host: "127.0.0.1", port: 0)
        let new = try running.server.listen(host: "127.0.0.1", port: 0)
        #expect(try await curl(["http://127.0.0.1:\(old.port)/healthz"]).hasPrefix("200 "))
        running.server.close(old)
        #expect(try await curl(["http://127.0.0.1:\(new.port)/healthz"]).hasPrefix("200 "))
        // The reactor closes it on its own thread, soon.
        let refused = try await onThread {
            let (pause, deadline) = (try Bell(), Clock.boottime() + .seconds(20))
            while Clock.boottime() < deadline {
                guard (try? RawClient(port: old.port)) != nil else { return true }
                _ = pause.wait(until: Clock.boottime() + .milliseconds(5))
            }
            return false
        }
        #expect(refused)
    }

    @Test(arguments: ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost", ""])
    func `only a loopback address can be bound`(host: String) throws {
        let scratch = try ScratchDirectory()
        let server = try LocalAPIServer(
            board: TestBoard(.fixture()), commands: TestSink(), progress: TestProgress(),
            tokenPath: scratch.path("api.token"), version: "1.2.3",
            log: Logger(destination: .capture(LogCapture())))
        #expect(throws: SystemError("bind", host, .invalid)) { try server.listen(host: host, port: 0) }
    }

    @Test func `the other loopback addresses are served under their names`() async throws {
        let running = try RunningServer()
        defer { running.stop() }
        let port = try running.server.listen(host: "127.3.2.1", port: 0).port
        #expect(try await curl(["http://127.3.2.1:\(port)/healthz"]).hasPrefix("200 "))
        // A client of HTTP/1.0 may leave Host out; where it meant to go is then unknown.
        #expect(try await curl(["-0", "-H", "Host:", "http://127.3.2.1:\(port)/healthz"]).hasPrefix("421 "))
    }

    @Test func `the Unix socket serves the same API, for those who may open it, without a token`()
        async throws
    {
        let running = try RunningServer()
        defer { running.stop() }
        let path = running.scratch.path("agent.sock")
        let socket = try running.server.listen(socket: path, group: nil)
        let status = try #require(try File.statusOfEntry(path))
        #expect(status.kind == .socket)
        #expect(status.mode == 0o600)
        let option = ["--unix-socket", path]
        #expect(try await curl(option + ["http://agent/healthz"]).hasPrefix("200 "))
        let renewal = try await curl(option + ["-X", "POST", "http://localhost/v1/certificates/www/renew"])
        #expect(renewal.hasPrefix("202 application/json"))
        #expect(
            running.log.lines.contains { $0.contains("renewal requested") && $0.contains("uid=\(geteuid())") }
        )
        running.server.close(socket)
        #expect(try File.statusOfEntry(path) == nil)
    }

    @Test func `a group gets the socket, and nobody else`() throws {
        let running = try RunningServer()
        defer { running.stop() }
        let path = running.scratch.path("agent.sock")
        _ = try running.server.listen(socket: path, group: ProcessFacts.groupID)
        let status = try #require(try File.statusOfEntry(path))
        #expect(status.mode == 0o660)
        #expect(status.group == ProcessFacts.groupID)
    }

    @Test func `a dead socket is replaced, anything else at its path is left alone`() throws {
        let running = try RunningServer()
        defer { running.stop() }
        let path = running.scratch.path("agent.sock")
        do { _ = try Socket.listen(path: path) }
        _ = try running.server.listen(socket: path, group: nil)
        #expect(throws: SystemError("listen", path, .addressInUse)) {
            try running.server.listen(socket: path, group: nil)
        }
        let file = running.scratch.path("file")
        try "precious".write(toFile: file, atomically: false, encoding: .utf8)
        #expect(throws: SystemError("listen", file, .exists)) {
            try running.server.listen(socket: file, group: nil)
        }
        #expect(try running.scratch.read("file") == "precious")
    }

    @Test func `a path that somebody has taken over since is not removed`() throws {
        let running = try RunningServer()
        defer { running.stop() }
        let path = running.scratch.path("agent.sock")
        let socket = try running.server.listen(socket: path, group: nil)
        try File.remove(path)
        try "another's".write(toFile: path, atomically: false, encoding: .utf8)
        running.server.close(socket)
        #expect(try running.scratch.read("agent.sock") == "another's")
    }

    @Test func `a socket takes the place of the one before, or leaves it as it is`() async throws {
        let running = try RunningServer()
        defer { running.stop() }
        let path = running.scratch.path("agent.sock")
        let option = ["--unix-socket", path, "http://agent/healthz"]
        let old = try running.server.listen(socket: path, group: nil)
        #expect(running.server.isInPlace(old))
        let elsewhere = running.scratch.path("none/agent.sock")
        #expect(throws: SystemError.self) {
            try running.server.listen(socket: elsewhere, group: nil, insteadOf: old)
        }
        #expect(running.server.isInPlace(old))
        let new = try running.server.listen(socket: path, group: ProcessFacts.groupID, insteadOf: old)
        #expect(!running.server.isInPlace(old) && running.server.isInPlace(new))
        running.server.close(old)
        #expect(try await curl(option).hasPrefix("200 "))
        #expect(try File.statusOfEntry(path)?.mode == 0o660)

        try File.remove(path)
        #expect(!running.server.isInPlace(new))
        let again = try running.server.listen(socket: path, group: nil, insteadOf: new)
        running.server.close(new)
        #expect(running.server.isInPlace(again))
        #expect(try await curl(option).hasPrefix("200 "))
    }

    /// Status, content type and body of the answer.
    private func curl(_ arguments: [String]) async throws -> String {
        let format = ["-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code} %{content_type} "]
        let (code, output) = try await onThread {
            try run("/usr/bin/curl", format + arguments, input: Data())
        }
        #expect(code == 0, "\(output)")
        let split = try #require(output.range(of: "\n", options: .backwards))
        return String(output[split.upperBound...]) + output[..<split.lowerBound]
    }
}

/// A server on a thread of its own.
private final class RunningServer: Sendable {
    let scratch: ScratchDirectory
    let commands = TestSink()
    let log = LogCapture()
    let server: LocalAPIServer
    let heartbeat = Heartbeat()
    let port: UInt16
    private let thread: Worker

    init() throws {
        scratch = try ScratchDirectory()
        let server = try LocalAPIServer(
            board: TestBoard(.fixture()), commands: commands, progress: TestProgress(),
            tokenPath: scratch.path("api.token"), version: "1.2.3",
            log: Logger(destination: .capture(log)), heartbeat: heartbeat)
        port = try server.listen(host: "127.0.0.1", port: 0).port
        thread = try Worker(name: "api") { try? server.run() }
        self.server = server
    }

    func stop() {
        server.stop()
        thread.join()
    }
}

/// Runs a program to its end: its status, and what it wrote to both streams.
func run(_ program: String, _ arguments: [String], input: Data) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let (stdin, output) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: input)
    try stdin.fileHandleForWriting.close()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
}
