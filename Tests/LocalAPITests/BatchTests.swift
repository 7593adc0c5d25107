import Foundation
import HTTP
import HTTPServer
import Lifecycle
import Log
import POSIX
import Testing

@testable import LocalAPI

@Suite struct BatchTests {
    /// Three certificates, of which one is due; each renewal has the id of its certificate.
    private func api(_ change: (TestAPI) -> Void = { _ in }) throws -> TestAPI {
        let certificates = ["a", "b", "c"].map { name in
            CertificateStatus.fixture(name) { if name == "b" { $0.reason = .expiring } }
        }
        let api = try TestAPI(.fixture(certificates))
        for name in ["a", "b", "c"] {
            api.commands.answer(.accepted(RenewalID("r-\(name)"), joined: false), for: name)
        }
        change(api)
        return api
    }

    private func record(_ name: String, _ state: RenewalRecord.State) -> RenewalRecord {
        var record = RenewalRecord(
            id: RenewalID("r-\(name)"), certificate: CertificateStatus.fixture(name).name, kind: .renewal,
            isForced: true, requestedAt: TestAPI.now)
        record.state = state
        if state.isFinal { record.endedAt = TestAPI.now + 3 }
        return record
    }

    private func renewed(_ api: TestAPI) -> [String] {
        api.commands.taken.compactMap { if case .renew(let name, _) = $0 { name.text } else { nil } }
    }

    @Test(arguments: [
        (#"{"all":true}"#, ["a", "b", "c"]), (#"{"due":true}"#, ["b"]),
        (#"{"certificates":["c","a","c"]}"#, ["a", "c"]),
    ])
    func `a batch renews what it names`(body: String, names: [String]) throws {
        let api = try api()
        let answer = try api.post("/v1/renew", token: api.token, body: body)
        #expect(answer.status == .accepted)
        #expect(renewed(api) == names)
        let batch = try #require(try answer.json["batch"] as? NSDictionary)
        let id = try #require(batch["id"] as? String)
        #expect(answer.field("Location") == "/v1/renewals/\(id)")
        #expect((batch["renewals"] as? [NSDictionary])?.compactMap { $0["certificate"] as? String } == names)
        #expect(try api.get("/v1/renewals/\(id)").json == batch)
    }

    @Test func `a batch passes on how its renewals are wished`() throws {
        let api = try api()
        _ = try api.post(
            "/v1/renew", token: api.token,
            body:
                #"{"certificates":["a"],"reason":"drill","reload":false,"rotate_key":true,"over_budget":true}"#
        )
        let wish = RenewRequest(reason: "drill", reload: false, rotateKey: true, overBudget: true)
        #expect(api.commands.taken == [.renew(CertificateStatus.fixture("a").name, wish)])
        #expect(api.log.lines.contains { $0.contains("renewals requested") && $0.contains("reason=drill") })
    }

    @Test func `a batch shows each of its renewals, and is done when all are`() throws {
        let api = try api()
        let awaited = try api.begin("/v1/renew", prefer: "wait=60", body: #"{"all":true}"#)
        api.board.publish(.fixture(renewals: [record("a", .succeeded), record("b", .running)]))
        api.pass()
        #expect(awaited.answer == nil)
        let all = [record("a", .succeeded), record("b", .unchanged), record("c", .succeeded)]
        api.board.publish(.fixture(renewals: all))
        api.pass()
        let answer = try #require(awaited.answer)
        #expect(answer.status == .ok)
        #expect(answer.field("Preference-Applied") == "wait=60")
        let batch = try #require(try answer.json["batch"] as? NSDictionary)
        #expect(batch["state"] as? String == "succeeded")
        #expect(batch["done"] as? Bool == true)
        #expect(batch["ended_at"] as? String == "2027-01-15T08:00:03Z")
        #expect((batch["counts"] as? NSDictionary)?["succeeded"] as? Int == 2)
        #expect((batch["counts"] as? NSDictionary)?["unchanged"] as? Int == 1)
    }

    @Test func `a long batch is answered in steps, in each of which little is written`() throws {
        let names = (0..<2_000).map { "n\($0 + 10_000)" }
        let refused = names.suffix(600)
        let api = try TestAPI(.fixture(names.map { CertificateStatus.fixture($0) }))
        for name in names {
            let receipt: CommandReceipt =
                refused.contains(name)
                ? .overBudget(retryAfter: .seconds(9)) : .accepted(RenewalID("r-\(name)"), joined: false)
            api.commands.answer(receipt, for: name)
        }
        let posted = try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#)
        let batch = try #require(try posted.json["batch"] as? NSDictionary)
        api.board.publish(.fixture(renewals: names.dropLast(600).map { record($0, .succeeded) }))
        let request = try Request(
            .get, "/v1/renewals/\(try #require(batch["id"] as? String))",
            fields: [Field("Host", "127.0.0.1:\(TestAPI.port)")])
        let peer = Peer(address: .tcp(host: "127.0.0.1", port: 40_000), localPort: TestAPI.port)
        let reply = api.handler.handle(request, from: peer, Responder { _ in })
        guard case .stepwise(let answer) = reply else {
            Issue.record("\(reply)")
            return
        }
        var steps = 1
        var response = answer.step()
        while response == nil {
            response = answer.step()
            steps += 1
        }
        let whole = try #require(response)
        // The members are found, judged and written, no more than 512 of them at a time.
        #expect(steps >= 3 + 3 + 4 + 1)
        let json = try whole.json
        #expect((json["renewals"] as? [NSDictionary])?.count == 1_400)
        #expect(
            (json["refused"] as? [NSDictionary])?.compactMap { $0["certificate"] as? String }
                == Array(refused))
        #expect(json["done"] as? Bool == true)
        #expect(json["state"] as? String == "failed")
        #expect((json["counts"] as? NSDictionary)?["succeeded"] as? Int == 1_400)
    }

    @Test func `who waits for a batch hears of it when the last is done, whichever that is`() throws {
        let api = try api()
        let awaited = try api.begin("/v1/renew", prefer: "wait=60", body: #"{"all":true}"#)
        for states in [
            [RenewalRecord.State.succeeded, .running, .succeeded], [.succeeded, .failed, .running],
        ] {
            let records = zip(["a", "b", "c"], states).map { record($0, $1) }
            api.board.publish(.fixture(renewals: records))
            api.pass()
            #expect(awaited.answer == nil)
        }
        let all = ["a", "b", "c"].map { record($0, .succeeded) }
        api.board.publish(.fixture(renewals: all))
        api.pass()
        #expect(awaited.answer?.status == .ok)
    }

    @Test(arguments: [RenewalRecord.State.failed, .reloadFailed, .abandoned])
    func `one that failed makes the batch fail`(state: RenewalRecord.State) throws {
        let api = try api()
        let awaited = try api.begin("/v1/renew", prefer: "wait=60", body: #"{"all":true}"#)
        let all = [record("a", .succeeded), record("b", state), record("c", .succeeded)]
        api.board.publish(.fixture(renewals: all))
        api.pass()
        let batch = try awaited.answer?.json["batch"] as? NSDictionary
        #expect(batch?["state"] as? String == "failed")
    }

    @Test func `each renewal of a batch can be followed by its own id from its first instant`() throws {
        let api = try api()
        _ = try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#)
        let one = try api.get("/v1/renewals/r-c").json
        #expect(one["certificate"] as? String == "c")
        #expect(one["state"] as? String == "queued")
    }

    @Test func `an unknown name among others begins nothing`() throws {
        let api = try api()
        let answer = try api.post(
            "/v1/renew", token: api.token, body: #"{"certificates":["a","x","..\/y"]}"#)
        #expect(answer.problem == "unknown_certificate")
        #expect(try answer.json["errors"] as? [String] == ["x is not known", "../y is not known"])
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `what is over its budget is told, and the others are renewed`() throws {
        let api = try api { $0.commands.answer(.overBudget(retryAfter: .seconds(90)), for: "b") }
        let answer = try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#)
        #expect(answer.status == .accepted)
        let batch = try #require(try answer.json["batch"] as? NSDictionary)
        #expect(
            batch["refused"] as? NSArray == [
                ["certificate": "b", "type": "urn:certplane:problem:over_budget", "retry_after_seconds": 90]
            ])
        api.board.publish(.fixture(renewals: [record("a", .succeeded), record("c", .succeeded)]))
        let id = try #require(batch["id"] as? String)
        #expect(try api.get("/v1/renewals/\(id)").json["state"] as? String == "failed")
    }

    @Test func `all over their budget is 429 with the shortest wait`() throws {
        let api = try api { api in
            for (name, wait) in [("a", 90), ("b", 30), ("c", 60)] {
                api.commands.answer(.overBudget(retryAfter: .seconds(wait)), for: name)
            }
        }
        let answer = try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#)
        #expect(answer.status == .tooManyRequests)
        #expect(answer.problem == "over_budget")
        #expect(answer.field("Retry-After") == "30")
        #expect((try answer.json["errors"] as? [String])?.count == 3)
    }

    @Test func `nothing to renew is done at once`() throws {
        let api = try TestAPI(.fixture([.fixture("a")]))
        let answer = try api.post("/v1/renew", token: api.token, body: #"{"due":true}"#)
        #expect(answer.status == .ok)
        #expect((try answer.json["batch"] as? NSDictionary)?["state"] as? String == "succeeded")
        #expect(api.commands.taken.isEmpty)
    }

    @Test(arguments: [
        "", "{}", #"{"all":false}"#, #"{"all":true,"due":true}"#, #"{"all":1}"#, #"{"certificates":[]}"#,
        #"{"certificates":"a"}"#, #"{"certificates":["a",1]}"#, #"{"certificates":["a"],"all":true}"#,
        #"{"all":true,"force":true}"#, #"{"all":true,"reload":1}"#, #"{"due":null}"#, "[]",
    ])
    func `a body that doesn't say what is renewed changes nothing`(body: String) throws {
        let api = try api()
        let answer = try api.post("/v1/renew", token: api.token, body: body)
        #expect(answer.status == .badRequest)
        #expect(answer.problem == "bad_body")
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `a renewal that the ledger has forgotten is told by its certificate`() throws {
        let api = try api()
        let answer = try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#)
        let id = try #require((try answer.json["batch"] as? NSDictionary)?["id"] as? String)
        let certificates = [
            CertificateStatus.fixture("a") { $0.lastSuccessAt = TestAPI.now + 5 },
            .fixture("b") {
                $0.lastError = RecordedError(failure: RecordedError.fixture().failure, at: TestAPI.now + 5)
            },
        ]
        let later = Snapshot(
            takenAt: TestAPI.now + 9, agent: Snapshot.fixture().agent, identity: Snapshot.fixture().identity,
            broker: Snapshot.fixture().broker, certificates: certificates)
        api.board.publish(later)
        let batch = try api.get("/v1/renewals/\(id)").json
        let states = (batch["renewals"] as? [NSDictionary])?.compactMap { $0["state"] as? String }
        #expect(states == ["succeeded", "failed", "abandoned"])
        #expect(batch["done"] as? Bool == true)
    }

    @Test func `batches are bounded`() throws {
        let api = try api()
        let ids = try (0..<100).map { _ in
            let answer = try api.post("/v1/renew", token: api.token, body: #"{"due":true}"#)
            return try #require((try answer.json["batch"] as? NSDictionary)?["id"] as? String)
        }
        #expect(try api.get("/v1/renewals/\(ids[0])").problem == "unknown_renewal")
        #expect(try api.get("/v1/renewals/\(ids[99])").status == .ok)
    }
}
