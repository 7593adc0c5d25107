import Foundation
import HTTP
import Lifecycle
import Log
import POSIX
import Testing

@testable import LocalAPI

@Suite struct RenewTests {
    private let path = "/v1/certificates/www/renew"

    @Test func `a renewal is promised, and its location leads somewhere at once`() throws {
        let api = try TestAPI()
        let response = try api.post(path, token: api.token, body: #"{"reason":"key was seen"}"#)
        #expect(response.status == .accepted)
        #expect(response.field("Location") == "/v1/renewals/r-1")
        let renewal = try #require(try response.json["renewal"] as? NSDictionary)
        #expect(renewal["id"] as? String == "r-1")
        #expect(renewal["joined"] as? Bool == false)
        #expect(renewal["state"] as? String == "queued")
        #expect(renewal["certificate"] as? String == "www")
        #expect(renewal["request_reason"] as? String == "key was seen")
        let followed = try api.get("/v1/renewals/r-1").json
        #expect(followed["state"] as? String == "queued")
        #expect(followed["done"] as? Bool == false)
        #expect(api.log.lines.contains { $0.contains("renewal requested") && $0.contains("key was seen") })
    }

    @Test func `the location shows the steps and the outcome`() throws {
        let api = try TestAPI()
        _ = try api.post(path, token: api.token)
        var record = RenewalRecord(
            id: RenewalID("r-1"), certificate: CertificateStatus.fixture().name, kind: .renewal,
            isForced: true,
            requestedAt: TestAPI.now - 9)
        record.state = .failed
        record.startedAt = TestAPI.now - 8
        record.endedAt = TestAPI.now - 1
        record.steps = [
            RenewalStep(stage: .key, startedAt: TestAPI.now - 8, took: .milliseconds(1500)),
            RenewalStep(stage: .order, startedAt: TestAPI.now - 6),
        ]
        record.failure = RecordedError.fixture().failure
        record.joined = [RenewalID("r-2")]
        api.board.publish(.fixture(renewals: [record]))
        let first = try api.get("/v1/renewals/r-1").json
        #expect(first["done"] as? Bool == true)
        #expect((first["failure"] as? NSDictionary)?["class"] as? String == "broker_unreachable")
        #expect(
            first["steps"] as? NSArray == [
                ["stage": "key", "started_at": "2027-01-15T07:59:52Z", "duration_seconds": 1.5],
                ["stage": "order", "started_at": "2027-01-15T07:59:54Z", "duration_seconds": NSNull()],
            ])
        #expect(try api.get("/v1/renewals/r-2").json == first)
        #expect(try api.get("/v1/renewals/r-3").problem == "unknown_renewal")
    }

    @Test func `joining says which renewal it is`() throws {
        var record = RenewalRecord(
            id: RenewalID("r-5"), certificate: CertificateStatus.fixture().name, kind: .renewal,
            isForced: false,
            requestedAt: TestAPI.now - 9)
        record.state = .running
        let api = try TestAPI(.fixture(renewals: [record]))
        api.commands.answer(.accepted(RenewalID("r-5"), joined: true))
        let response = try api.post(path, token: api.token)
        let renewal = try #require(try response.json["renewal"] as? NSDictionary)
        #expect(renewal["joined"] as? Bool == true)
        #expect(renewal["state"] as? String == "running")
        #expect(response.field("Location") == "/v1/renewals/r-5")
    }

    @Test func `what the engine refuses has its own answer`() throws {
        let api = try TestAPI()
        api.commands.answer(.overBudget(retryAfter: .milliseconds(61_001)))
        let spent = try api.post(path, token: api.token)
        #expect(spent.status == .tooManyRequests)
        #expect(spent.problem == "over_budget")
        #expect(spent.field("Retry-After") == "62")
        api.commands.answer(.stopping)
        let stopping = try api.post(path, token: api.token)
        #expect(stopping.status == .serviceUnavailable)
        #expect(stopping.problem == "stopping")
        #expect(stopping.field("Retry-After") == "10")
        api.commands.answer(.unknownCertificate)
        #expect(try api.post(path, token: api.token).problem == "unknown_certificate")
    }

    @Test(arguments: [
        ("", RenewRequest()),
        ("{}", RenewRequest()),
        (" {\n} ", RenewRequest()),
        (#"{"reload":false}"#, RenewRequest(reload: false)),
        (#"{"rotate_key":true,"over_budget":true}"#, RenewRequest(rotateKey: true, overBudget: true)),
        (#"{"reason":"\u00fcber \ud83d\udd11 \"x\""}"#, RenewRequest(reason: "über 🔑 \"x\"")),
        (#"{"reason":""}"#, RenewRequest(reason: "")),
    ])
    func `a body says what is wished`(body: String, wish: RenewRequest) throws {
        let api = try TestAPI()
        let response = try api.post(
            path, token: api.token, body: body, type: "Application/JSON; charset=utf-8")
        #expect(response.status == .accepted)
        #expect(api.commands.taken == [.renew(CertificateStatus.fixture().name, wish)])
    }

    @Test(arguments: [
        "null", "[]", "1", "true", "\"x\"", "{", "{}}", "{} {}", "{,}", #"{"reload"}"#, #"{"reload":}"#,
        #"{"reload":"true"}"#, #"{"reload":1}"#, #"{"reload":null}"#, #"{"reason":null}"#, #"{"reason":1}"#,
        #"{"force":true}"#, #"{"Reload":true}"#, #"{"reload":true,"reload":false}"#, #"{"reload":true,}"#,
        #"{"reason":"a\nb"}"#, #"{"reason":"a\u0000b"}"#, #"{"reason":"a\u009bb"}"#, "{\"reason\":\"a\nb\"}",
        #"{"reason":"\#(String(repeating: "x", count: 201))"}"#, #"{'reload':true}"#, "reload=true",
        #"{"reason":"\ud800"}"#, #"{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}"#,
        "{\"reason\":\"\u{feff}\"}x", #"{"reload":tru}"#, #"{"reload":01}"#, "\u{feff}{}",
    ])
    func `a body that is not understood changes nothing`(body: String) throws {
        let api = try TestAPI()
        let response = try api.post(path, token: api.token, body: body)
        #expect(response.status == .badRequest)
        #expect(response.problem == "bad_body")
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `all faults of a body are told together`() throws {
        let api = try TestAPI()
        let response = try api.post(path, token: api.token, body: #"{"force":1,"reload":1,"reason":2}"#)
        #expect((try response.json["errors"] as? [String])?.count == 3)
    }

    @Test func `two hundred characters of any kind are a reason`() throws {
        let api = try TestAPI()
        let reason = String(repeating: "🔑", count: 200)
        let response = try api.post(path, token: api.token, body: #"{"reason":"\#(reason)"}"#)
        #expect(response.status == .accepted)
    }

    @Test func `a promise that no snapshot ever shows is forgotten`() throws {
        let api = try TestAPI()
        _ = try api.post(path, token: api.token)
        api.elapsed.withLock { $0 = 59 }
        #expect(try api.get("/v1/renewals/r-1").status == .ok)
        api.elapsed.withLock { $0 = 61 }
        #expect(try api.get("/v1/renewals/r-1").status == .notFound)
    }

    @Test func `the log names the request, the renewal and who asked`() throws {
        let api = try TestAPI()
        let response = try api.post(path, token: api.token)
        let id = try #require(response.field("X-Request-Id"))
        #expect(api.log.lines.contains { $0.contains("request=\(id)") && $0.contains("renewal=r-1") })
        #expect(try api.log.lines.allSatisfy { try !$0.contains(api.token) })
    }

    @Test func `promises are bounded`() throws {
        let api = try TestAPI()
        for number in 0..<200 {
            api.commands.answer(.accepted(RenewalID("r-\(number)"), joined: false))
            _ = try api.post(path, token: api.token)
        }
        #expect(try api.get("/v1/renewals/r-0").status == .notFound)
        #expect(try api.get("/v1/renewals/r-199").status == .ok)
    }
}
