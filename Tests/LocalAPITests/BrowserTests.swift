import Foundation
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

/// The status page as a real Chromium shows it.
@Suite struct BrowserTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Browser/look.py")

    /// Ten certificates in the states that a person has to tell apart. The browser has a clock of its own.
    private static func certificates(at now: Date) -> [CertificateStatus] {
        let words: [CertificateState: String] = [
            .failing: "it is inside its renewal window; the last attempt failed, tried again in 40 min",
            .expiring: "it is inside its renewal window; about to be renewed",
            .waiting: "it is inside its renewal window; waiting for the broker", .expired: "it has expired",
            .missing: "the certificate file is missing",
            .reloadPending: "installed; its service has not taken it",
        ]
        func status(_ name: String, _ state: CertificateState, days: Double, of life: Double = 90)
            -> CertificateStatus
        {
            .fixture(name) {
                $0.state = state
                $0.why = words[state] ?? "due in time"
                $0.installed = InstalledCertificate(
                    serial: "4f2a", notBefore: now + (days - life) * 86_400, notAfter: now + days * 86_400,
                    dnsNames: ["\(name).example.org"], keyType: .ecP256, issuer: "CN=Example CA",
                    sha256: "9f86",
                    spkiSHA256: "6030")
                $0.nextRenewalAt = now + (days - 30) * 86_400
            }
        }
        var failing = status("shop", .failing, days: 9)
        failing.lastError = RecordedError(
            failure: RenewalFailure(stage: .order, .forbidden, detail: "403 <b>not</b> allowed"), at: now - 60
        )
        var pending = status("proxy", .reloadPending, days: 89)
        pending.reload.pendingSince = now - 3600
        pending.reload.lastError = RecordedError(
            failure: RenewalFailure(stage: .reload, .reloadFailed, detail: "exit code 1"), at: now - 60)
        var missing = status("new", .missing, days: 1)
        missing.installed = nil
        return [
            status("www", .valid, days: 81), status("mail", .valid, days: 45),
            status("ldap", .valid, days: 31),
            status("api", .expiring, days: 29), status("git", .waiting, days: 15), failing,
            pending,
            status("legacy", .expired, days: -2), status("<script>", .valid, days: 60), missing,
        ]
    }

    /// A snapshot of this moment.
    private static func snapshot(_ certificates: [CertificateStatus]) -> Snapshot {
        let now = Date.now
        return .fixture(certificates) { agent, identity, broker in
            agent.startedAt = now - 300_000
            broker.lastContactAt = now - 40
            identity.facts?.notAfter = now + 80_000
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func
        `ten certificates are shown as they are, by light and dark, small and large, for eyes, keys and ears`()
        async throws
    {
        let scratch = try ScratchDirectory()
        let certificates = Self.certificates(at: .now)
        let board = TestBoard(Self.snapshot(certificates))
        let server = try LocalAPIServer(
            board: board, commands: TestSink(), progress: TestProgress(),
            tokenPath: scratch.path("api.token"),
            version: "1.2.3", log: Logger(destination: .capture(LogCapture())))
        let port = try server.listen(host: "127.0.0.1", port: 0).port
        let thread = try Worker(name: "api") { try? server.run() }
        let folder = scratch.path("shots")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)

        let (first, second, third) = try await onThread {
            let browser = try Browser(Self.script.path, "http://127.0.0.1:\(port)/", folder)
            let first = try browser.read()
            var changed = certificates
            changed[0].state = .renewing
            board.publish(Self.snapshot(changed))
            let second = try browser.goOn()
            server.stop()
            thread.join()
            return (first, second, try browser.goOn())
        }
        if let kept = ProcessInfo.processInfo.environment["CERTPLANE_SCREENSHOTS"] {
            for shot in ["light-1280.png", "dark-360.png"] {
                try Data(contentsOf: URL(filePath: "\(folder)/\(shot)")).write(
                    to: URL(filePath: "\(kept)/\(shot)"))
            }
        }

        #expect(first.hears_complaints == true)
        #expect(first.console == [])
        #expect(
            first.verdict
                == "10 certificates: 1 expired, 1 missing, 1 failing, 1 reload pending, 1 expiring, 1 waiting, 4 valid"
        )
        #expect(first.title == "3 in trouble · web-1")
        let cards = try #require(first.cards)
        #expect(cards.count == 10)
        for (name, words) in [
            ("www", ["valid", "expires", "in 80 days"]), ("api", ["expiring", "in 28 days"]),
            ("shop", ["failing", "order: 403 <b>not</b> allowed", "it is inside its renewal window"]),
            ("proxy", ["reload pending", "reload: exit code 1"]),
            ("legacy", ["expired", "2 days ago"]),
            ("<script>", ["<script>", "valid"]), ("new", ["missing"]),
        ] {
            for word in words {
                #expect(cards[name]?.contains(word) == true, "\(name): \(cards[name] ?? "")")
            }
        }
        let bars = try #require(first.bars).mapValues { Double($0.dropLast()) ?? -1 }
        #expect(bars["legacy"] == 0)
        #expect(abs((bars["mail"] ?? 0) - 50) < 0.5)
        #expect(bars["new"] == nil)

        let layouts = try #require(first.layouts)
        #expect(layouts.map(\.width) == [360, 768, 1280, 1920, 360, 768, 1280, 1920])
        for layout in layouts {
            #expect(layout.needs <= layout.width, "\(layout.width) wide, \(layout.needs) needed")
            #expect(contrast(layout.text, layout.ground) >= 7)
            for colour in layout.state_colours {
                #expect(contrast(colour, layout.card) >= 4.5, "\(colour) \(layout.scheme)")
            }
        }
        #expect(Set(layouts.map(\.ground)).count == 2)

        #expect(first.focused == "SUMMARY")
        #expect(first.opened == true)
        #expect(first.outline == "solid")
        let tree = try #require(first.tree)
        #expect(tree.count { $0.role == "meter" } == 9)
        #expect(tree.contains { $0.role == "meter" && $0.name == "Remaining life of mail" })
        #expect(tree.contains { $0.role == "status" })
        #expect(tree.contains { $0.role == "list" && $0.name == "Certificates" })
        #expect(tree.count { $0.role == "heading" } == 11)

        // It has refreshed itself, and what was open and had the focus still does.
        #expect(second.console == [])
        #expect(second.cards?["www"]?.contains("renewing") == true)
        #expect(second.open == 1)
        #expect(second.focused == "SUMMARY")
        #expect(third.alarm?.hasPrefix("The agent has not answered since ") == true)
    }

    /// WCAG 2.2's contrast of two colours as `getComputedStyle` writes them.
    private func contrast(_ first: String, _ second: String) -> Double {
        func luminance(_ colour: String) -> Double {
            let parts = colour.split { !$0.isNumber }.prefix(3).compactMap { Double($0) }.map { value in
                let part = value / 255
                return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
            }
            guard parts.count == 3 else { return 0.5 }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        let pair = [luminance(first), luminance(second)].sorted()
        return (pair[1] + 0.05) / (pair[0] + 0.05)
    }
}

/// What the script saw.
private struct Sight: Decodable {
    struct Layout: Decodable {
        var scheme: String
        var width: Int
        var needs: Int
        var ground: String
        var text: String
        var card: String
        var state_colours: [String]
    }

    struct Node: Decodable {
        var role: String?
        var name: String?
    }

    var hears_complaints: Bool?
    var console: [String]?
    var verdict: String?
    var title: String?
    var cards: [String: String]?
    var bars: [String: String]?
    var layouts: [Layout]?
    var focused: String?
    var opened: Bool?
    var outline: String?
    var tree: [Node]?
    var open: Int?
    var alarm: String?
}

/// The script, and the Chromium in it.
private final class Browser {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private var unread = Data()

    init(_ arguments: String...) throws {
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// The next line.
    func read() throws -> Sight {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = unread[..<end]
                unread = Data(unread[unread.index(after: end)...])
                return try JSONDecoder().decode(Sight.self, from: line)
            }
            let part = output.fileHandleForReading.availableData
            if part.isEmpty { throw TestFailure("the browser's script has ended") }
            unread += part
        }
    }

    /// Lets the script go on to its next line.
    func goOn() throws -> Sight {
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        return try read()
    }
}
