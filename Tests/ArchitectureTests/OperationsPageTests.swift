import Foundation
import Testing

/// docs/operations.md knows whatever the agent can say: an event, a metric or an alert that is missing there is a
/// riddle for whoever is called at night.
@Suite struct OperationsPageTests {
    private let page: String
    private let sources: String

    init() throws {
        page = try String(contentsOf: Self.root.appending(path: "docs/operations.md"), encoding: .utf8)
        var text = ""
        for room in ["Agent", "LocalAPI", "Log", "certplane-agent"] {
            let folder = Self.root.appending(path: "Sources/\(room)")
            for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            where path.hasSuffix(".swift") {
                text += try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            }
        }
        sources = text
    }

    @Test func `every log event is explained`() throws {
        let call = /\b(?:log|logger)\.(?:debug|info|warn|error|log)\(\s*(?:[^"()]*,\s*)?"((?:[^"\\]|\\.)*)"/
        let events = Set(sources.matches(of: call).map { String($0.output.1) })
        try #require(events.count > 50)
        for event in events.sorted() { #expect(page.contains("`\(event)`"), "\(event)") }
    }

    @Test func `no event is explained that doesn't exist`() throws {
        let log = try #require(page.split(separator: "## Metrics").first)
        let rows = log.matches(of: /\n\| (`[^|]*`) \| (?:debug|info|warn|error)/)
        for row in rows {
            for event in row.output.1.matches(of: /`([^`]*)`/) {
                #expect(sources.contains("\"\(event.output.1)\""), "\(event.output.1)")
            }
        }
        #expect(rows.count > 40)
    }

    @Test func `every metric is explained`() throws {
        let golden = try String(
            contentsOf: Self.root.appending(path: "Tests/LocalAPITests/Vectors/metrics.golden"),
            encoding: .utf8)
        let names = golden.matches(of: #/(?m)^# TYPE (\S+) /#).map { String($0.output.1) }
        try #require(names.count > 25)
        for name in names { #expect(page.contains("`\(name)"), "\(name)") }
    }

    @Test func `every alert and every exit code is explained`() throws {
        let rules = try String(
            contentsOf: Self.root.appending(path: "packaging/prometheus/certplane-agent.rules.yml"),
            encoding: .utf8)
        let alerts = rules.matches(of: /alert: (\w+)/).map { String($0.output.1) }
        try #require(alerts.count >= 9)
        for alert in alerts {
            #expect(page.contains("### \(alert)\n"), "\(alert)")
            #expect(rules.contains("operations.md#\(alert.lowercased())"), "\(alert) has no link here")
        }
        let codes = try String(
            contentsOf: Self.root.appending(path: "Sources/certplane-agent/ExitCode.swift"), encoding: .utf8)
        for code in codes.matches(of: /case \w+ = (\d)/) {
            #expect(page.contains("\n| \(code.output.1) | "), "exit code \(code.output.1)")
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}
