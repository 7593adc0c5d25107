import Foundation
import HTTP
import HTTPServer
import Lifecycle
import POSIX
import Testing

@testable import LocalAPI

@Suite struct ReadinessTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Int
        let word: String
        let change: @Sendable (inout CertificateStatus) -> Void

        init(
            _ description: String, _ code: Int, _ word: String,
            _ change: @escaping @Sendable (inout CertificateStatus) -> Void
        ) {
            testDescription = description
            (self.code, self.word, self.change) = (code, word, change)
        }
    }

    static let cases = [
        Case("valid", 200, "ready") { _ in },
        Case("renewing while valid", 200, "ready") { $0.state = .renewing },
        Case("failing, still valid", 200, "degraded") {
            $0.state = .failing
            $0.consecutiveFailures = 2
            $0.lastError = .fixture()
        },
        Case("an old error before a success", 200, "ready") { $0.lastError = .fixture() },
        Case("expired", 503, "not_ready") { $0.installed?.notAfter = TestAPI.now - 1 },
        Case("expired this second", 503, "not_ready") { $0.installed?.notAfter = TestAPI.now },
        Case("expired while renewing", 503, "not_ready") {
            $0.state = .renewing
            $0.installed?.notAfter = TestAPI.now - 1
        },
        Case("missing before its first attempt", 200, "degraded") {
            $0.state = .missing
            $0.installed = nil
            $0.hasBeenAttempted = false
        },
        Case("missing after its first attempt", 503, "not_ready") {
            $0.state = .missing
            $0.installed = nil
        },
        Case("missing again, tried at this moment", 503, "not_ready") {
            $0.state = .renewing
            $0.installed = nil
        },
        Case("not looked at yet, tried before", 200, "degraded") {
            $0.state = .unknown
            $0.installed = nil
            $0.isKnown = false
        },
        Case("the key is missing", 503, "not_ready") { $0.reason = .keyMissing },
        Case("the key is another's", 503, "not_ready") { $0.reason = .keyMismatch },
        Case("install stuck", 503, "not_ready") {
            $0.consecutiveFailures = 1
            $0.lastError = .fixture(.installStuck, stage: .install)
        },
        Case("an earlier install is open, and its files are whole", 200, "degraded") {
            $0.consecutiveFailures = 1
            $0.lastError = .fixture(.installOpen, stage: .install)
        },
        Case("reload pending, in its grace", 200, "degraded") {
            $0.reload.pendingSince = TestAPI.now - 10
            $0.reload.graceEndsAt = TestAPI.now + 10
        },
        Case("reload pending, past its grace", 503, "not_ready") {
            $0.reload.pendingSince = TestAPI.now - 20
            $0.reload.graceEndsAt = TestAPI.now - 10
        },
    ]

    @Test(arguments: cases)
    func `a certificate decides`(example: Case) throws {
        let api = try TestAPI(.fixture([.fixture("a"), .fixture("b", example.change)]))
        for target in ["/readyz", "/readyz?certificate=b"] {
            let response = try api.get(target)
            #expect(response.status.code == example.code)
            #expect(try response.json["status"] as? String == example.word)
        }
        #expect(try api.get("/readyz?certificate=a").json["status"] as? String == "ready")
        let text = try api.get("/readyz?verbose")
        #expect(text.status.code == example.code)
        #expect(text.text.hasSuffix("\(example.word)\n"))
    }

    @Test(arguments: IdentityState.allCases)
    func `the identity decides`(state: IdentityState) throws {
        let api = try TestAPI(
            .fixture { _, identity, _ in
                identity.state = state
                if !state.isUsable { identity.facts = nil }
            })
        #expect(try api.get("/readyz").status.code == (state.isUsable ? 200 : 503))
        #expect(try api.get("/readyz?certificate=www").status == .ok)
    }

    @Test func `an identity that has run out since the snapshot is not valid any more`() throws {
        let api = try TestAPI(.fixture { _, identity, _ in identity.facts?.notAfter = TestAPI.now - 5 })
        let checks = try #require(try api.get("/readyz").json["checks"] as? [NSDictionary])
        let identity = try #require(checks.first { $0["name"] as? String == "identity" })
        #expect(identity["state"] as? String == "failed")
        #expect(identity["since"] as? String == "2027-01-15T07:59:55Z")
    }

    @Test func `a refused configuration degrades`() throws {
        let api = try TestAPI(.fixture { agent, _, _ in agent.lastReloadSucceeded = false })
        #expect(try api.get("/readyz").json["status"] as? String == "degraded")
    }

    @Test func `a reload that waits for a pair says so`() throws {
        for (reason, words) in [
            (RenewalReason.keyMismatch, "before certificate and key fit"), (nil, "has not taken"),
        ] {
            let status = CertificateStatus.fixture("a") {
                $0.reason = reason
                $0.reload.pendingSince = TestAPI.now - 10
                $0.reload.graceEndsAt = TestAPI.now + 10
            }
            let answer = try TestAPI(.fixture([status])).get("/readyz").json
            let checks = try #require(answer["checks"] as? [NSDictionary])
            let check = try #require(checks.first { $0["name"] as? String == "reload" })
            #expect((check["detail"] as? String)?.contains(words) == true, "\(check)")
        }
    }

    @Test func `an install journal that can't be read degrades`() throws {
        let api = try TestAPI(
            .fixture { agent, _, _ in
                agent.unreadJournal = UnreadJournal(since: TestAPI.now - 60, detail: "readdir: EIO")
            })
        let answer = try api.get("/readyz").json
        #expect(answer["status"] as? String == "degraded")
        let checks = try #require(answer["checks"] as? [NSDictionary])
        let state = try #require(checks.first { $0["name"] as? String == "state" })
        #expect((state["detail"] as? String)?.contains("readdir: EIO") == true)
        #expect(state["since"] as? String == "2027-01-15T07:59:00Z")
    }

    @Test func `a state directory that refuses what is to be stored degrades`() throws {
        let snapshot = Snapshot.fixture { agent, _, _ in
            agent.unstored = UnstoredState(
                count: 2, since: TestAPI.now - 60, detail: "write /s/state/a.json: ENOSPC")
        }
        let response = try TestAPI(snapshot).get("/readyz")
        #expect(response.status.code == 200)
        let answer = try response.json
        #expect(answer["status"] as? String == "degraded")
        let checks = try #require(answer["checks"] as? [NSDictionary])
        let check = try #require(checks.first { $0["name"] as? String == "state" })
        #expect(check["state"] as? String == "degraded")
        #expect(check["since"] as? String != nil)
        let detail = try #require(check["detail"] as? String)
        #expect(detail.contains("2. write /s/state/a.json: ENOSPC. See that state_dir exists"))
    }

    @Test func `a wrong clock degrades, and validity is judged by the time that counts`() throws {
        var clock = ClockStatus(state: .suspect, skew: .seconds(5 * 365 * 86_400))
        clock.correction = .seconds(5 * 365 * 86_400)
        let snapshot = Snapshot.fixture(clock: clock)
        let api = try TestAPI(snapshot)
        api.elapsed.withLock { $0 = 5 * 365 * 86_400 }
        let answer = try api.get("/readyz").json
        #expect(answer["status"] as? String == "degraded")
        let checks = try #require(answer["checks"] as? [NSDictionary])
        let check = try #require(checks.first { $0["name"] as? String == "clock" })
        #expect((check["detail"] as? String)?.hasPrefix("clock_suspect: Set this host's clock") == true)
        let status = try api.get("/v1/status").json
        let shown = try #require(status["clock"] as? NSDictionary)
        #expect(shown["state"] as? String == "clock_suspect")
        #expect(shown["skew_seconds"] as? Double == 157_680_000.0)
    }

    @Test func `many certificates are judged and written in steps, and the last of them counts`() throws {
        let many = (0..<2_000).map { CertificateStatus.fixture("c\(10_000 + $0)") }
        let last = CertificateStatus.fixture("z") { $0.installed?.notAfter = TestAPI.now - 1 }
        let api = try TestAPI(.fixture(many + [last]))
        let request = try Request(.get, "/readyz", fields: [Field("Host", "127.0.0.1:\(TestAPI.port)")])
        let peer = Peer(address: .tcp(host: "127.0.0.1", port: 40_000), localPort: TestAPI.port)
        guard case .stepwise(let answer) = api.handler.handle(request, from: peer, Responder { _ in }) else {
            Issue.record("not in steps")
            return
        }
        var steps = 1
        while answer.step() == nil { steps += 1 }
        #expect(steps > 4)
        let response = try api.get("/readyz")
        #expect(response.status == .serviceUnavailable)
        #expect(try response.json["status"] as? String == "not_ready")
        #expect(try (response.json["checks"] as? [NSDictionary])?.count == 4 + 2 * 2_001)
        let lines = try api.get("/readyz?verbose").text.split(separator: "\n")
        #expect(lines.count == 4 + 2 * 2_001 + 1)
        #expect(lines.last == "not_ready")
    }

    @Test func `every check is listed`() throws {
        let api = try TestAPI(.fixture([.fixture("a"), .fixture("b") { $0.reload.isConfigured = false }]))
        let checks = try #require(try api.get("/readyz").json["checks"] as? [NSDictionary])
        let names = checks.map { "\($0["name"] ?? "") \($0["certificate"] as? String ?? "-")" }
        #expect(
            names == [
                "configuration -", "state -", "identity -", "clock -", "certificate a", "reload a",
                "certificate b",
            ])
    }
}
