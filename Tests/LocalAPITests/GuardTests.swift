import HTTP
import Lifecycle
import POSIX
import Testing

@testable import LocalAPI

@Suite struct GuardTests {
    @Test(arguments: [
        "localhost:9780", "LocalHost:9780", "127.0.0.1:9780", "127.255.0.9:9780", "[::1]:9780",
    ])
    func `our own names are let in`(host: String) throws {
        #expect(try TestAPI().get("/healthz", [Field("Host", host)]).status == .ok)
    }

    @Test(arguments: [
        "evil.example:9780", "localhost", "localhost:80", "localhost:09780", "localhost.:9780",
        "localhost.evil.example:9780", "127.0.0.1", "127.0.0.1:9781", "127.0.0.1.evil.example:9780",
        "127.0.0.1.nip.io:9780", "127.1:9780", "2130706433:9780", "0177.0.0.1:9780", "127.0.0.01:9780",
        "0.0.0.0:9780", "10.0.0.1:9780", "[::]:9780", "[::ffff:127.0.0.1]:9780", "[0:0:0:0:0:0:0:1]:9780",
        "[::1]", "::1:9780", "127.0.0.256:9780",
    ])
    func `rebinding: another host or port is refused with 421`(host: String) throws {
        let api = try TestAPI()
        let request = try? api.get("/v1/status", [Field("Host", host)])
        // The parser refuses some of them before.
        guard let response = request else { return }
        #expect(response.status == .misdirectedRequest)
        #expect(response.problem == "misdirected_host")
    }

    @Test(arguments: [
        Field("Origin", "null"), Field("Origin", "https://evil.example"),
        Field("Origin", "http://127.0.0.1:9781"), Field("Origin", "https://127.0.0.1:9780"),
        Field("Origin", "http://127.0.0.1"), Field("Origin", ""), Field("Origin", "http://localhost:9780"),
        Field("Sec-Fetch-Site", "cross-site"), Field("Sec-Fetch-Site", "same-site"),
        Field("Sec-Fetch-Site", "whatever"), Field("sec-fetch-site", "CROSS-SITE"),
    ])
    func `a page of another site is refused with 403`(field: Field) throws {
        let api = try TestAPI()
        for response in [
            try api.get("/v1/status", [field]),
            try api.send(
                .post, "/v1/certificates/www/renew", [field, Field("Authorization", "Bearer \(api.token)")]),
        ] {
            #expect(response.status == .forbidden)
            #expect(response.problem == "cross_site")
        }
        #expect(api.commands.taken.isEmpty)
    }

    @Test(arguments: [
        Field("Origin", "http://127.0.0.1:9780"), Field("Sec-Fetch-Site", "same-origin"),
        Field("Sec-Fetch-Site", "none"),
    ])
    func `our own page is let in`(field: Field) throws {
        #expect(try TestAPI().get("/v1/status", [field]).status == .ok)
    }

    @Test func `one foreign origin among own ones is enough`() throws {
        let fields = [Field("Origin", "http://127.0.0.1:9780"), Field("Origin", "null")]
        #expect(try TestAPI().get("/v1/status", fields).status == .forbidden)
    }

    @Test(arguments: [
        "", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {prefix}", "Bearer {token}x",
        "Bearer x{prefix}", "Bearer {token} {token}", "Bearer {token},", "Bearer \"{token}\"",
        "Bearer " + String(repeating: "0", count: 64), "Token {token}",
    ])
    func `without the token nothing changes`(template: String) throws {
        let api = try TestAPI()
        let token = try api.token
        let value = template.replacing("{token}", with: token)
            .replacing("{prefix}", with: token.dropLast())
        let fields = template.isEmpty ? [] : [Field("Authorization", value)]
        for path in ["/v1/certificates/www/renew", "/nowhere", "/v1/status"] {
            let response = try api.send(.post, path, fields)
            #expect(response.status == .unauthorized)
            #expect(response.field("WWW-Authenticate")?.hasPrefix("Bearer realm=") == true)
            #expect(["token_required", "token_refused"].contains(response.problem))
            #expect(!response.text.contains(token))
        }
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `a token anywhere but in one Authorization field is ignored`() throws {
        let api = try TestAPI()
        let token = try api.token
        let path = "/v1/certificates/www/renew"
        let attempts = [
            try api.send(.post, "\(path)?token=\(token)"),
            try api.send(.post, "\(path)?access_token=\(token)"),
            try api.send(.post, path, [Field("Cookie", "token=\(token)")]),
            try api.send(.post, path, [Field("X-Token", token)]),
            try api.send(
                .post, path, [Field("Authorization", "Bearer \(token)"), Field("Authorization", "x")]),
            try api.send(
                .post, path, [Field("Content-Type", "application/json")], body: #"{"token":"\#(token)"}"#),
        ]
        for response in attempts { #expect(response.status == .unauthorized) }
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `the scheme's case does not matter`() throws {
        let api = try TestAPI()
        let fields = [Field("authorization", "bEaReR \(try api.token)")]
        #expect(try api.send(.post, "/v1/certificates/www/renew", fields).status == .accepted)
    }

    @Test func `whoever may open the Unix socket needs neither token nor host`() throws {
        let api = try TestAPI()
        let response = try api.send(
            .post, "/v1/certificates/www/renew", [Field("Host", "agent")], from: .unix)
        #expect(response.status == .accepted)
    }

    @Test func `over the Unix socket other users may read, and members of the group may change things`()
        throws
    {
        let api = try TestAPI()
        let path = "/v1/certificates/www/renew"
        let stranger: UserID = 54_321
        #expect(try api.send(.get, "/v1/status", from: .unix, as: stranger).status == .ok)
        let refused = try api.send(.post, path, from: .unix, as: stranger, groups: [4, 700])
        #expect(refused.status == .forbidden)
        #expect(refused.problem == "foreign_user")
        let withToken = [Field("Authorization", "Bearer \(try api.token)")]
        #expect(try api.send(.post, path, withToken, from: .unix, as: stranger).problem == "foreign_user")
        #expect(api.commands.taken.isEmpty)
        api.socketAccess.admit([700])
        #expect(try api.send(.post, path, from: .unix, as: stranger, groups: [4, 700]).status == .accepted)
        #expect(try api.send(.post, path, from: .unix, as: stranger, groups: [4]).problem == "foreign_user")
        #expect(try api.send(.post, path, from: .unix, as: 0).status == .accepted)
        api.socketAccess.admit([])
        #expect(try api.send(.post, path, from: .unix, as: stranger, groups: [700]).problem == "foreign_user")
    }

    @Test func `a page of another site is refused on the Unix socket as well`() throws {
        let api = try TestAPI()
        let fields = [Field("Host", "agent"), Field("Origin", "null")]
        #expect(try api.send(.post, "/v1/reload", fields, from: .unix).problem == "cross_site")
    }

    @Test func `a form of another page is refused even with the token`() throws {
        let api = try TestAPI()
        for type in ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "text/json"] {
            let response = try api.post(
                "/v1/certificates/www/renew", token: api.token, body: "{}", type: type)
            #expect(response.problem == "unsupported_media_type")
        }
        let untyped = try api.post("/v1/certificates/www/renew", token: api.token, body: "{}", type: nil)
        #expect(untyped.status == .unsupportedMediaType)
        #expect(api.commands.taken.isEmpty)
    }
}
