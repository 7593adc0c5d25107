import Foundation
import TestSupport
import Testing

/// The built program, beside the bundle of tests.
private func broker() throws -> URL {
    let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return try #require(
        sequence(first: URL(filePath: here).deletingLastPathComponent()) { $0.deletingLastPathComponent() }
            .prefix(6).map { $0.appending(path: "certplane-broker") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) })
}

/// A run of the program; its streams are pipes, as under a test or a service manager.
private final class Run {
    let process = Process()
    private let output = Pipe()
    private let errorPipe = Pipe()
    private(set) var errors = ""

    init(_ arguments: [String]) throws {
        process.executableURL = try broker()
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errorPipe
        try process.run()
    }

    /// Blocks until there is a whole line on stdout.
    func line() -> String {
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            line += more
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Blocks until stderr has said `text` so many times, or has ended.
    func hear(_ text: String, times: Int) {
        while errors.ranges(of: text).count < times {
            let more = errorPipe.fileHandleForReading.availableData
            if more.isEmpty { return }
            errors += String(decoding: more, as: UTF8.self)
        }
    }

    /// Blocks until the program has ended.
    func end() -> Int32 {
        errors += String(decoding: errorPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite struct `certplane-broker` {
    @Test func `the lab says when it is ready and ends orderly`() async throws {
        let scratch = try ScratchDirectory()
        try await onThread {
            let run = try Run(["lab", "--dir", scratch.path("lab"), "--lifetime", "60s"])
            let words = run.line().split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 4 else { throw Unready(stderr: run.errors) }
            let token = try scratch.read("lab/bootstrap-token")
            kill(run.process.processIdentifier, SIGUSR1)
            run.hear("bootstrap token written", times: 2)
            let isFresh = try scratch.read("lab/bootstrap-token") != token
            run.process.terminate()
            let code = run.end()
            let errors = run.errors
            let isComplete =
                isFresh && code == 0 && words[0] == "ready" && words[1].hasPrefix("broker=https://127.0.0.1:")
                && words[2].hasPrefix("step-ca=https://127.0.0.1:")
                && words[3] == "config=\(scratch.path("lab"))/agent.yml"
                && (errors.split(separator: "\n").first ?? "").contains("not for production")
                && errors.contains("certplane-agent enroll -c \(scratch.path("lab"))/agent.yml")
                && errors.contains("certplane-agent run -c \(scratch.path("lab"))/agent.yml")
            guard isComplete else { throw Unready(stderr: "\(code) \(words) \(errors)") }
        }
    }

    @Test(arguments: [
        (["lab"], "Error: --dir DIR is missing\n"), (["lba"], "Error: unknown command \"lba\"\n"),
        ([], "Error: no command\n"),
    ])
    func `bad usage is told and is 2`(arguments: [String], message: String) async throws {
        let (code, errors) = try await onThread {
            let run = try Run(arguments)
            return (run.end(), run.errors)
        }
        #expect(code == 2)
        #expect(errors.hasPrefix(message))
    }

    @Test func `a port that is taken is an error that names it`() async throws {
        let scratch = try ScratchDirectory()
        let (code, errors) = try await onThread {
            let first = try Run(["lab", "--dir", scratch.path("a")])
            let address = first.line().split(separator: "https://").dropFirst().first?.split(separator: " ")
                .first
            let run = try Run(["lab", "--dir", scratch.path("b"), "--listen", String(address ?? "")])
            let result = (run.end(), run.errors)
            first.process.terminate()
            _ = first.end()
            return result
        }
        #expect(code == 1)
        #expect(errors.contains("Error: listening as broker on 127.0.0.1:"))
        #expect(errors.contains("EADDRINUSE"))
    }

    @Test func `help goes to stdout`() async throws {
        let (line, code) = try await onThread {
            let run = try Run(["lab", "--help"])
            return (run.line(), run.end())
        }
        #expect(line.hasPrefix("usage: certplane-broker lab --dir DIR [options]\n"))
        #expect(code == 0)
    }
}

private struct Unready: Error {
    var stderr: String
}
