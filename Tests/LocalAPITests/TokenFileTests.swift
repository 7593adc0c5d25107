import Foundation
import HTTP
import Log
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

@Suite struct TokenFileTests {
    let scratch: ScratchDirectory
    let capture = LogCapture()
    let file: TokenFile

    init() throws {
        scratch = try ScratchDirectory()
        file = TokenFile(
            path: scratch.path("api.token"), log: Logger(destination: .capture(capture)))
    }

    private func accepts(_ token: String) -> Bool {
        if case .usable(let kept) = file.read() { kept.matches(token) } else { false }
    }

    @Test func `a missing file is made with 256 bits, closed to others`() throws {
        _ = file.read()
        let content = try scratch.read("api.token")
        #expect(content.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
        let status = try #require(try File.status(scratch.path("api.token")))
        #expect(status.mode == 0o600)
        #expect(status.links == 1)
        #expect(try scratch.open().entries() == ["api.token"])
        #expect(accepts(String(content.dropLast())))
        #expect(capture.lines.allSatisfy { !$0.contains(content.dropLast()) })
    }

    @Test func `two agents make two tokens`() throws {
        _ = file.read()
        let other = TokenFile(path: scratch.path("other"), log: Logger(destination: .capture(capture)))
        _ = other.read()
        #expect(try scratch.read("api.token") != scratch.read("other"))
    }

    @Test func `a file that is moved is made there, and the old token counts no more`() throws {
        _ = file.read()
        let old = try scratch.read("api.token").dropLast()
        file.move(to: scratch.path("other.token"))
        #expect(!accepts(String(old)))
        #expect(try accepts(String(scratch.read("other.token").dropLast())))
    }

    @Test func `an existing file is kept, and read again when it changes`() throws {
        let old = String(repeating: "a", count: 40)
        let new = String(repeating: "b", count: 40)
        try scratch.write("api.token", "\(old)\n", mode: 0o600)
        #expect(accepts(old))
        try scratch.write("api.token", "  \(new)\r\n\n", mode: 0o640)
        #expect(accepts(new))
        #expect(!accepts(old))
    }

    @Test func `a file that was removed is made anew`() throws {
        _ = file.read()
        let old = try scratch.read("api.token")
        try scratch.open().unlink("api.token")
        #expect(!accepts(String(old.dropLast())))
        #expect(try accepts(String(scratch.read("api.token").dropLast())))
    }

    @Test(arguments: [0o604, 0o602, 0o601, 0o620, 0o644, 0o666, 0o777] as [FileMode])
    func `a file that others can get at is refused, and told once`(mode: FileMode) throws {
        let token = String(repeating: "a", count: 64)
        try scratch.write("api.token", token, mode: mode)
        #expect(!accepts(token))
        #expect(!accepts(token))
        #expect(capture.lines.count == 1)
        #expect(capture.lines.first?.contains("level=ERROR") == true)
        #expect(capture.lines.first?.contains(scratch.path("api.token")) == true)
        try scratch.write("api.token", token, mode: 0o600)
        #expect(accepts(token))
        #expect(capture.lines.count == 2)
    }

    @Test(.enabled(if: ProcessFacts.userID == 0))
    func `a file of another user is refused`() throws {
        let token = String(repeating: "a", count: 64)
        try scratch.write("api.token", token, mode: 0o600)
        try scratch.open().openFile("api.token", for: .readWrite).setOwner(65_534, group: nil)
        #expect(!accepts(token))
        #expect(capture.lines.first?.contains("65534") == true)
    }

    @Test func `a symbolic link is refused`() throws {
        let token = String(repeating: "a", count: 64)
        try scratch.write("elsewhere", token, mode: 0o600)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("api.token"), withDestinationPath: scratch.path("elsewhere"))
        #expect(!accepts(token))
    }

    @Test func `a second name is refused`() throws {
        let token = String(repeating: "a", count: 64)
        try scratch.write("api.token", token, mode: 0o600)
        try scratch.open().link("api.token", to: "elsewhere")
        #expect(!accepts(token))
    }

    @Test(arguments: [
        "", "\n", "short", String(repeating: "a", count: 31), String(repeating: "ä", count: 40),
        String(repeating: "a", count: 20) + " " + String(repeating: "a", count: 20),
        String(repeating: "a", count: 2000),
    ])
    func `what is no token is refused`(content: String) throws {
        try scratch.write("api.token", content, mode: 0o600)
        #expect(!accepts(content))
        #expect(!accepts(""))
        #expect(!accepts(content.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test func `a directory that is missing refuses changes and nothing else`() throws {
        let lost = TokenFile(
            path: scratch.path("lost/api.token"), log: Logger(destination: .capture(capture)))
        guard case .unusable = lost.read() else {
            Issue.record("there is no token")
            return
        }
        #expect(capture.lines.first?.contains("ENOENT") == true)
    }

    @Test func `a refused file refuses changes and leaves reading open`() throws {
        let api = try TestAPI()
        let token = String(repeating: "a", count: 64)
        try api.scratch.write("api.token", token, mode: 0o644)
        let response = try api.post("/v1/certificates/www/renew", token: token)
        #expect(response.status == .serviceUnavailable)
        #expect(response.problem == "token_file_unusable")
        #expect(!response.text.contains(api.scratch.path))
        #expect(api.commands.taken.isEmpty)
        #expect(try api.get("/v1/status").status == .ok)
    }
}
