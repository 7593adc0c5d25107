import Foundation
import HTTP
import Lifecycle
import Testing

@testable import LocalAPI

@Suite struct StatusTests {
    @Test func `a certificate tells everything but its secrets`() throws {
        let status = CertificateStatus.fixture {
            $0.state = .failing
            $0.reason = .expiring
            $0.why = "due; the broker can't be reached"
            $0.advice = "look at the network"
            $0.lastError = .fixture()
            $0.consecutiveFailures = 3
            $0.currentRenewal = RenewalID("r-7")
            $0.currentStage = .order
            $0.reload.pendingSince = TestAPI.now - 60
            $0.reload.lastError = .fixture(.reloadFailed, stage: .reload)
        }
        let response = try TestAPI(.fixture([status])).get("/v1/certificates/www")
        let brokerAdvice = FailureClass.brokerUnreachable.advice
        let reloadAdvice = FailureClass.reloadFailed.advice
        let expected: NSDictionary = [
            "name": "www", "profile": "web", "state": "failing", "reason": "expiring",
            "why": "due; the broker can't be reached", "advice": "look at the network",
            "dns_names": ["www.example.org"], "key_type": "ec-p256", "reuses_key": false,
            "installed": [
                "serial": "4f2a", "not_before": "2027-01-14T08:00:00Z", "not_after": "2027-04-14T07:59:59Z",
                "dns_names": ["www.example.org"], "issuer": "CN=Example CA", "key_type": "ec-p256",
                "fingerprint_sha256": "9f86", "public_key_sha256": "6030",
            ],
            "renew_before": [
                "configured_seconds": 2_592_000, "effective_seconds": 2_592_000, "clamped": false,
            ],
            "next_renewal_at": "2027-03-14T04:53:20Z", "next_check_at": "2027-01-15T08:10:00Z",
            "next_attempt_at": "2027-03-14T04:53:20Z", "last_attempt_at": "2027-01-14T08:00:00Z",
            "last_success_at": "2027-01-14T08:00:00Z",
            "last_error": [
                "at": "2027-01-15T07:59:30Z", "stage": "order", "class": "broker_unreachable",
                "detail": "connection refused", "advice": brokerAdvice, "transient": true,
                "possible_order": false, "retry_after_seconds": NSNull(),
            ],
            "consecutive_failures": 3, "orders_last_7_days": 1, "order_budget": 5, "next_order_at": NSNull(),
            "current_renewal": ["id": "r-7", "stage": "order"],
            "reload": [
                "configured": true, "running": false, "pending_since": "2027-01-15T07:59:00Z",
                "grace_ends_at": NSNull(), "failed_attempts": 0, "next_attempt_at": NSNull(),
                "last_error": [
                    "at": "2027-01-15T07:59:30Z", "stage": "reload", "class": "reload_failed",
                    "detail": "connection refused", "advice": reloadAdvice,
                    "transient": FailureClass.reloadFailed.isTransient, "possible_order": false,
                    "retry_after_seconds": NSNull(),
                ],
            ],
            "served_matches": NSNull(), "served": NSNull(),
            "renewals": ["succeeded": 1, "unchanged": 0, "failed": 0],
            "reloads": ["succeeded": 1, "failed": 0],
            "outputs": [
                "key": "/etc/ssl/www.key", "cert": "/etc/ssl/www.crt", "chain": "/etc/ssl/www.chain",
                "fullchain": "/etc/ssl/www.full", "combined": NSNull(),
            ],
        ]
        #expect(response.field("Content-Type") == "application/json")
        #expect(try response.json == expected)
    }

    @Test func `status tells of agent, identity, broker and counts`() throws {
        let names = ["a", "b", "c"]
        let certificates = names.map { name in
            CertificateStatus.fixture(name) { $0.state = name == "c" ? .missing : .valid }
        }
        let status = try TestAPI(.fixture(certificates)).get("/v1/status").json
        #expect(status["taken_at"] as? String == "2027-01-15T08:00:00Z")
        #expect(
            status["agent"] as? NSDictionary == [
                "version": "1.2.3", "pid": 812, "started_at": "2027-01-15T07:00:00Z",
                "config": [
                    "path": "/etc/certplane/agent.yml", "sha256": "c0ffee",
                    "loaded_at": "2027-01-15T07:00:00Z", "last_reload_succeeded": true,
                    "last_reload_at": NSNull(),
                ],
                "last_tick_at": "2027-01-15T07:59:59Z", "clock_skew_seconds": 0.25, "stopping": false,
            ])
        #expect(
            status["identity"] as? NSDictionary == [
                "name": "web-1", "state": "valid", "problem": NSNull(), "advice": NSNull(),
                "certificate": [
                    "subject": "web-1", "serial": "1c", "issuer": "CN=Machines",
                    "not_before": "2027-01-15T07:00:00Z", "not_after": "2027-01-16T07:00:00Z",
                ],
                "renew_before_effective_seconds": 28_800, "next_renewal_at": NSNull(),
                "next_attempt_at": NSNull(), "renewing": false, "consecutive_failures": 0,
                "last_error": NSNull(), "last_success_at": NSNull(),
            ])
        #expect(
            status["broker"] as? NSDictionary == [
                "state": "reachable", "endpoint": "https://broker.example.org:8443",
                "last_contact_at": "2027-01-15T07:59:00Z",
                "last_success_at": "2027-01-15T07:59:00Z", "last_error": NSNull(),
                "next_probe_at": NSNull(),
                "endpoints": [
                    [
                        "url": "https://b1.example.net", "state": "reachable",
                        "last_contact_at": "2027-01-15T07:59:00Z", "last_success_at": NSNull(),
                        "last_error": NSNull(), "next_probe_at": NSNull(),
                    ] as NSDictionary,
                    [
                        "url": "https://b2.example.net", "state": "unknown", "last_contact_at": NSNull(),
                        "last_success_at": NSNull(), "last_error": NSNull(), "next_probe_at": NSNull(),
                    ] as NSDictionary,
                ],
            ])
        let counts = try #require(status["counts"] as? [String: Int])
        #expect(Set(counts.keys) == Set(CertificateState.allCases.map(\.rawValue)))
        #expect(counts["valid"] == 2)
        #expect(counts["missing"] == 1)
        #expect(counts.values.reduce(0, +) == 3)
        let list = try #require(status["certificates"] as? [NSDictionary])
        #expect(list.map { $0["name"] as? String } == names)
    }

    @Test func `the list can be had by state`() throws {
        let certificates = ["a", "b"].map { name in
            CertificateStatus.fixture(name) { $0.state = name == "b" ? .reloadPending : .valid }
        }
        let api = try TestAPI(.fixture(certificates))
        func names(_ target: String) throws -> [String?] {
            let list = try #require(try api.get(target).json["certificates"] as? [NSDictionary])
            return list.map { $0["name"] as? String }
        }
        #expect(try names("/v1/certificates") == ["a", "b"])
        #expect(try names("/v1/certificates?state=reload_pending") == ["b"])
        #expect(try names("/v1/certificates?state=expired") == [])
    }

    @Test(arguments: awkwardNames)
    func `an awkward name is found under its encoding and comes back whole`(name: String) throws {
        let api = try TestAPI(.fixture([.fixture(name), .fixture("zzz")]))
        let path = "/v1/certificates/\(PercentEncoding.encodeSegment(name))"
        #expect(try api.get(path).json["name"] as? String == name)
        #expect(try api.post("\(path)/renew", token: api.token).status == .accepted)
        guard case .renew(let asked, _) = api.commands.taken.first else {
            Issue.record("nothing was asked for")
            return
        }
        #expect(asked.text == name)
        let list = try #require(try api.get("/v1/status").json["certificates"] as? [NSDictionary])
        #expect(list.contains { $0["name"] as? String == name })
    }

    @Test(arguments: ["other", "WWW", "ww", "%2e%2e", "www%20", String(repeating: "x", count: 300)])
    func `an unknown name is not found`(name: String) throws {
        let api = try TestAPI()
        for response in [
            try api.get("/v1/certificates/\(name)"),
            try api.get("/readyz?certificate=\(name)"),
            try api.post("/v1/certificates/\(name)/renew", token: api.token),
        ] {
            #expect(response.status == .notFound)
            #expect(response.problem == "unknown_certificate")
        }
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `names are decoded once`() throws {
        let api = try TestAPI(.fixture([.fixture("a%2Fb")]))
        #expect(try api.get("/v1/certificates/a%252Fb").status == .ok)
        #expect(try api.get("/v1/certificates/a%2Fb").status == .notFound)
    }

    @Test func `no answer tells a reload command`() throws {
        let renewal = RenewalRecord(
            id: RenewalID("r-1"), certificate: CertificateStatus.fixture().name, kind: .renewal,
            isForced: true,
            requestedAt: TestAPI.now)
        let api = try TestAPI(.fixture(renewals: [renewal]))
        for path in [
            "/v1/status", "/v1/certificates", "/v1/certificates/www", "/readyz", "/readyz?verbose",
            "/metrics",
            "/v1/renewals/r-1",
        ] {
            let answer = try api.get(path)
            #expect(answer.status == .ok)
            #expect(!answer.text.contains("s3cret"))
            #expect(!answer.text.contains("systemctl"))
        }
    }

    @Test func `a new snapshot is seen at once, the old one rendered once`() throws {
        let api = try TestAPI()
        let first = try api.get("/v1/status").text
        #expect(try api.get("/v1/status").text == first)
        api.board.publish(.fixture([.fixture("other")]))
        #expect(try api.get("/v1/status").text.contains("other"))
        #expect(try api.get("/metrics").text.contains("certificate=\"other\""))
        #expect(try !api.get("/metrics").text.contains("certificate=\"www\""))
    }

    @Test(arguments: [
        (0.0, 0.0, 200), (30, 30, 200), (31, 0, 503), (0, 31, 503),
    ])
    func `health is lost after thirty seconds without progress`(engine: Double, api rest: Double, code: Int)
        throws
    {
        let api = try TestAPI()
        api.progress.rest(engine: .seconds(engine), api: .seconds(rest))
        let response = try api.get("/healthz")
        #expect(response.status.code == code)
        #expect(code == 200 ? response.text == "ok\n" : response.problem == "not_alive")
        if code != 200 { #expect(response.text.contains("31 s")) }
    }
}
