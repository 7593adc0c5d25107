import Foundation
import HTTP
import HTTPServer
import Lifecycle
import POSIX
import Testing

@testable import LocalAPI

@Suite struct RoutingTests {
    @Test(arguments: [
        "/healthz/", "//healthz", "/HEALTHZ", "/v1", "/v1/", "/v1/status/x", "/v1/certificates/www/x",
        "/v1/certificates//renew/x", "/v1/certificates/../status", "/v1%2Fstatus", "/v1/certificates/www/",
        "/v1/certificates/../../x",
    ])
    func `what is not in the table is not found`(path: String) throws {
        let response = try TestAPI().get(path)
        #expect(response.status == .notFound)
        #expect(response.problem == "not_found")
        #expect(try response.json["instance"] as? String == path)
    }

    @Test(arguments: ["/v1/certificates/a%00b", "/v1/certificates/a%22b%0A", "/v1/certificates/%FF"])
    func `a path that decodes to no text is refused`(path: String) throws {
        #expect(try TestAPI().get(path).problem == "malformed_path")
    }

    @Test func `routes are sorted and have a method each`() throws {
        let routes = try TestAPI().handler.routes.routes
        let patterns = routes.map(\.pattern.description)
        #expect(patterns == patterns.sorted())
        #expect(Set(patterns).count == patterns.count)
        #expect(routes.allSatisfy { !$0.operations.isEmpty })
    }

    @Test(arguments: [
        ("/healthz", "GET, HEAD, OPTIONS"), ("/v1/certificates/www/renew", "POST, OPTIONS"),
        ("/v1/renewals/x", "GET, HEAD, OPTIONS"),
    ])
    func `a wrong method says which are right`(path: String, methods: String) throws {
        let api = try TestAPI()
        for method in [HTTP.Method.put, .delete, .patch, .other("PURGE")] {
            let response = try api.send(method, path, [Field("Authorization", "Bearer \(api.token)")])
            #expect(response.status == .methodNotAllowed)
            #expect(response.field("Allow") == methods)
        }
        let options = try api.send(.options, path)
        #expect(options.status == .noContent)
        #expect(options.field("Allow") == methods)
    }

    @Test func `GET does not renew`() throws {
        let api = try TestAPI()
        #expect(try api.get("/v1/certificates/www/renew").status == .methodNotAllowed)
        #expect(try api.send(.head, "/v1/certificates/www/renew").status == .methodNotAllowed)
        #expect(api.commands.taken.isEmpty)
    }

    @Test func `OPTIONS of everything and of nothing`() throws {
        let api = try TestAPI()
        #expect(try api.send(.options, "*").field("Allow") == "GET, HEAD, OPTIONS, POST")
        #expect(try api.send(.options, "/nowhere").status == .notFound)
    }

    @Test(arguments: [
        "/", "/healthz", "/metrics", "/openapi.json", "/readyz", "/v1/status", "/v1/certificates",
    ])
    func `HEAD answers as GET does`(path: String) throws {
        let api = try TestAPI()
        let head = try api.send(.head, path)
        let get = try api.get(path)
        #expect(head.status == get.status)
        #expect(head.field("Content-Type") == get.field("Content-Type"))
    }

    @Test(arguments: [
        "/healthz?x", "/v1/status?verbose", "/metrics?a=b", "/v1/certificates?State=valid",
        "/v1/certificates?state=valid&state=valid", "/v1/certificates?state=nonsense",
        "/v1/certificates?state",
        "/readyz?certificate=www&x=1", "/readyz?verbose=no", "/healthz?%FF", "/healthz?a=%00",
    ])
    func `a query that is not understood is refused`(target: String) throws {
        let response = try TestAPI().get(target)
        #expect(response.status == .badRequest)
        #expect(response.problem == "bad_query")
    }

    @Test func `every answer has an id, no cache and no sniffing`() throws {
        let api = try TestAPI()
        var answers = try ["/healthz", "/nowhere", "/v1/status", "/healthz?x"].map { try api.get($0) }
        answers.append(try api.send(.post, "/v1/status"))
        answers.append(try api.send(.options, "/healthz"))
        answers.append(
            api.handler.refusal(.bareLineFeed, from: .init(address: .tcp(host: "127.0.0.1", port: 1))))
        for answer in answers {
            #expect(answer.field("Cache-Control") == "no-store")
            #expect(answer.field("X-Content-Type-Options") == "nosniff")
        }
        #expect(Set(answers.compactMap { $0.field("X-Request-Id") }).count == answers.count)
    }

    @Test(arguments: RefusedRequest.allCases)
    func `what the parser refuses is a problem document of the same status`(reason: RefusedRequest) throws {
        let api = try TestAPI()
        let response = api.handler.refusal(reason, from: .init(address: .tcp(host: "127.0.0.1", port: 1)))
        #expect(response.status == reason.status)
        #expect(response.problem != nil)
        #expect(try response.json["detail"] as? String == reason.title)
    }
}
