import Foundation
import HTTP
import Log
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

/// Who else might try to reach the API, each attack with the problem that it meets. What needs two processes (the port
/// taken before the agent, the socket opened by another user) is in EndToEndTests.
@Suite struct AttackTests {
    enum Attack: String, CaseIterable {
        case rebinding = "a page whose own host name leads to 127.0.0.1 for a moment"
        case rebindingWithToken = "the same, by a program that has the token"
        case otherPort = "a page of another server on this host's loopback"
        case sandboxedFrame = "a sandboxed frame, or a page from a file: Origin null"
        case foreignOrigin = "a script of another site, through CORS"
        case ownHostWithoutPort = "a page of localhost's port 80"
        case image = "an image or a script tag on another site"
        case sibling = "a page of another port: same site, other origin"
        case navigation = "a link on another site"
        case form = "a form, posted blindly, that a program has given the token"
        case textForm = "a form of text/plain that looks like JSON"
        case anonymous = "a program without the token"
        case guess = "a guessed token"
        case oldToken = "a token that was replaced"
        case tokenInQuery = "the token in the query, where logs and histories keep it"
        case tokenInBody = "the token in the body"
        case basic = "the token as a password"
        case otherUser = "another local user, on the Unix socket"
        case otherUserWithToken = "another local user with the token, on the Unix socket"
        case override = "a GET that a proxy should turn into a POST"

        var problem: String {
            switch self {
            case .rebinding, .rebindingWithToken, .otherPort: "misdirected_host"
            case .sandboxedFrame, .foreignOrigin, .ownHostWithoutPort, .image, .sibling, .navigation:
                "cross_site"
            case .form, .textForm: "unsupported_media_type"
            case .anonymous, .tokenInQuery, .tokenInBody, .basic: "token_required"
            case .guess, .oldToken: "token_refused"
            case .otherUser, .otherUserWithToken: "foreign_user"
            case .override: "method_not_allowed"
            }
        }
    }

    private static let path = "/v1/certificates/www/renew"

    @Test(arguments: Attack.allCases)
    func `is refused, and changes nothing`(attack: Attack) throws {
        let api = try TestAPI()
        let token = try api.token
        let answer = try play(attack, api, bearer: Field("Authorization", "Bearer \(token)"), token)
        #expect(answer.problem == attack.problem, "\(answer.text)")
        #expect(answer.status.code >= 400)
        #expect(api.commands.taken.isEmpty)
        #expect(!answer.text.contains(token))
        #expect(answer.field("Access-Control-Allow-Origin") == nil)
        #expect(try api.log.lines.allSatisfy { try !$0.contains(api.token) })
    }

    private func play(_ attack: Attack, _ api: TestAPI, bearer: Field, _ token: String) throws -> Response {
        let json = Field("Content-Type", "application/json")
        let path = Self.path
        switch attack {
        case .rebinding: return try api.get("/v1/status", [Field("Host", "evil.example:9780")])
        case .rebindingWithToken:
            return try api.send(.post, path, [Field("Host", "evil.example:9780"), bearer])
        case .otherPort: return try api.get("/v1/status", [Field("Host", "localhost:8080")])
        case .sandboxedFrame: return try api.send(.post, path, [Field("Origin", "null"), bearer])
        case .foreignOrigin:
            return try api.send(.post, path, [Field("Origin", "https://evil.example"), bearer])
        case .ownHostWithoutPort:
            return try api.send(.post, path, [Field("Origin", "http://127.0.0.1"), bearer])
        case .image: return try api.get("/metrics", [Field("Sec-Fetch-Site", "cross-site")])
        case .sibling: return try api.get("/v1/status", [Field("Sec-Fetch-Site", "same-site")])
        case .navigation:
            return try api.get(
                "/", [Field("Sec-Fetch-Site", "cross-site"), Field("Sec-Fetch-Mode", "navigate")])
        case .form:
            let type = Field("Content-Type", "application/x-www-form-urlencoded")
            return try api.send(.post, "/v1/renew", [type, bearer], body: "all=true")
        case .textForm:
            return try api.send(
                .post, "/v1/renew", [Field("Content-Type", "text/plain"), bearer], body: #"{"all":true}"#)
        case .anonymous: return try api.send(.post, "/v1/reload")
        case .guess: return try api.post(path, token: String(repeating: "a", count: 64))
        case .oldToken:
            try api.scratch.write("api.token", String(repeating: "n", count: 64), mode: 0o600)
            return try api.post(path, token: token)
        case .tokenInQuery: return try api.send(.post, "\(path)?access_token=\(token)")
        case .tokenInBody: return try api.send(.post, path, [json], body: #"{"token":"\#(token)"}"#)
        case .basic:
            let basic = Data("agent:\(token)".utf8).base64EncodedString()
            return try api.send(.post, path, [Field("Authorization", "Basic \(basic)")])
        case .otherUser: return try api.send(.post, path, from: .unix, as: 54_321)
        case .otherUserWithToken: return try api.send(.post, path, [bearer], from: .unix, as: 54_321)
        case .override: return try api.send(.get, path, [Field("X-HTTP-Method-Override", "POST"), bearer])
        }
    }
}
