import Foundation
import HTTP
import Testing

@testable import LocalAPI

@Suite struct PageTests {
    private static let file = ContractTests.file.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "page/status.html")

    @Test func `what is served is page/status.html, else run scripts/embed-page`() throws {
        let response = try TestAPI().get("/")
        #expect(response.field("Content-Type") == "text/html; charset=utf-8")
        #expect(Data(response.bodyBytes) == (try Data(contentsOf: Self.file)))
    }

    @Test(arguments: ["style", "script"])
    func `the policy allows this style and this script by their hashes, else run scripts/embed-page`(
        tag: String
    )
        throws
    {
        let response = try TestAPI().get("/")
        let policy = try #require(response.field("Content-Security-Policy"))
        let parts = response.text.components(separatedBy: "<\(tag)>")
        #expect(parts.count == 2)
        let content = try #require(parts.last?.components(separatedBy: "</\(tag)>").first)
        let (code, digest) = try run(
            "/bin/sh", ["-c", "openssl dgst -sha256 -binary | base64"], input: Data(content.utf8))
        #expect(code == 0)
        let hash = digest.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(policy.contains("\(tag)-src 'sha256-\(hash)'"))
        #expect(!policy.contains("unsafe"))
        #expect(policy.hasPrefix("default-src 'none'; "))
    }

    @Test func `the page holds all that it needs, and nothing inline that the policy forbids`() throws {
        let text = try TestAPI().get("/").text
        let script =
            #/<script[^>]*src|<link[^>]*href="(?!data:)|\son[a-z]+=|\sstyle=|javascript:|https?://(?!www\.w3\.org)/#
        #expect(text.firstMatch(of: script) == nil)
    }
}
