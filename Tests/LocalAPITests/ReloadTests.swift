import Foundation
import HTTP
import HTTPServer
import Lifecycle
import Log
import Testing

@testable import LocalAPI

@Suite struct ReloadTests {
    private let path = "/v1/certificates/www/reload"

    @Test(arguments: ["", "{}"])
    func `a reload is promised, and can be followed`(body: String) throws {
        let api = try TestAPI()
        let answer = try api.post(path, token: api.token, body: body)
        #expect(answer.status == .accepted)
        #expect(answer.field("Location") == "/v1/renewals/r-1")
        #expect(api.commands.taken == [.reload(CertificateStatus.fixture().name)])
        let record = try api.get("/v1/renewals/r-1").json
        #expect(record["kind"] as? String == "reload")
        #expect(record["state"] as? String == "queued")
        #expect(api.log.lines.contains { $0.contains("reload requested") && $0.contains("renewal=r-1") })
    }

    @Test func `whoever waits hears how the run ended`() throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: "wait=9")
        var record = RenewalRecord(
            id: RenewalID("r-1"), certificate: CertificateStatus.fixture().name, kind: .reload,
            isForced: true,
            requestedAt: TestAPI.now)
        record.state = .reloadFailed
        record.failure = RecordedError.fixture(.reloadFailed, stage: .reload).failure
        api.board.publish(.fixture(renewals: [record]))
        api.pass()
        #expect(awaited.answer?.status == .ok)
        let renewal = try awaited.answer?.json["renewal"] as? NSDictionary
        #expect(renewal?["state"] as? String == "reload_failed")
    }

    @Test func `what has no reload command can't be reloaded`() throws {
        let api = try TestAPI(.fixture([.fixture { $0.reload.isConfigured = false }]))
        let answer = try api.post(path, token: api.token)
        #expect(answer.status == .conflict)
        #expect(answer.problem == "no_reload_command")
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `what is not known, or not understood, changes nothing`() throws {
        let api = try TestAPI()
        #expect(
            try api.post("/v1/certificates/x/reload", token: api.token).problem == "unknown_certificate")
        #expect(try api.post(path, token: api.token, body: #"{"reason":"x"}"#).problem == "bad_body")
        #expect(try api.post("/v1/reload", token: api.token, body: #"{"path":"x"}"#).problem == "bad_body")
        #expect(api.commands.taken.isEmpty)
    }

    // MARK: The configuration

    private func publish(_ outcome: ConfigurationReload.Outcome, _ api: TestAPI, joined: [RenewalID] = []) {
        var reload = ConfigurationReload(
            id: RenewalID(joined.isEmpty ? "r-1" : "r-0"), endedAt: TestAPI.now + 1, outcome: outcome)
        reload.joined = joined
        let ended = reload
        api.board.publish(.fixture { agent, _, _ in agent.configurationReloads = [ended] })
        api.pass()
    }

    @Test(arguments: [[], [RenewalID("r-1")]])
    func `a new configuration is told by its difference`(joined: [RenewalID]) throws {
        let api = try TestAPI()
        let awaited = try api.begin("/v1/reload", prefer: nil)
        #expect(api.commands.taken == [.reloadConfiguration])
        api.pass(.seconds(1))
        #expect(awaited.answer == nil)
        var difference = ConfigurationDifference()
        difference.added = [CertificateStatus.fixture("mail").name]
        difference.settings = ["broker.url"]
        difference.restartRequired = ["state_dir"]
        publish(.applied(difference), api, joined: joined)
        let answer = try #require(awaited.answer)
        #expect(answer.status == .ok)
        #expect(answer.field("X-Request-Id") != nil)
        let json = try answer.json
        #expect(json["changed_anything"] as? Bool == true)
        #expect(json["certificates"] as? NSDictionary == ["added": ["mail"], "changed": [], "removed": []])
        #expect(json["settings"] as? [String] == ["broker.url"])
        #expect(json["restart_required"] as? [String] == ["state_dir"])
    }

    @Test func `an invalid configuration is told with all its problems`() throws {
        let api = try TestAPI()
        let awaited = try api.begin("/v1/reload", prefer: "wait=5")
        publish(
            .refused([
                ConfigurationFault(
                    line: 12, column: 5, key: "certificates[0].profil", message: "unknown key",
                    hint: "Did you mean profile?"),
                ConfigurationFault(line: 0, column: 0, key: "", message: "the file is empty", hint: ""),
            ]), api)
        let answer = try #require(awaited.answer)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.problem == "invalid_configuration")
        #expect(answer.field("Preference-Applied") == "wait=5")
        let json = try answer.json
        #expect(json["instance"] as? String == "/v1/reload")
        #expect(
            json["errors"] as? [String] == [
                "line 12, column 5: certificates[0].profil: unknown key (Did you mean profile?)",
                "the file is empty",
            ])
        let problems = try #require(json["problems"] as? [NSDictionary])
        #expect(problems.first?["line"] as? Int == 12)
        #expect(problems.last?["line"] is NSNull)
    }

    @Test func `an engine that doesn't come to it is told after half a minute`() throws {
        let api = try TestAPI()
        let awaited = try api.begin("/v1/reload", prefer: nil)
        api.pass(.seconds(30))
        let answer = try #require(awaited.answer)
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.problem == "reload_slow")
        #expect(answer.field("Retry-After") == "10")
    }

    @Test func `those who wait for renewals don't keep anybody from a reload`() throws {
        let api = try TestAPI()
        let awaited = try api.begin("/v1/reload", prefer: nil, room: .inReserve)
        #expect(awaited.answer == nil)
        #expect(api.commands.taken.count == 1)
    }

    @Test func `without room for the answer nothing is asked of the engine`() throws {
        let api = try TestAPI()
        let answer = try api.begin("/v1/reload", prefer: nil, room: .none).answer
        #expect(answer?.problem == "overloaded")
        #expect(api.commands.taken.isEmpty)
    }
}
