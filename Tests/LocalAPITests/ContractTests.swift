import Foundation
import HTTP
import Lifecycle
import Testing

@testable import LocalAPI

@Suite struct ContractTests {
    static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "openapi/openapi.json")

    private func contract() throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: Self.file)) as? NSDictionary)
    }

    @Test func `what is served is openapi/openapi.json, else run scripts/embed-openapi`() throws {
        let response = try TestAPI().get("/openapi.json")
        #expect(Data(response.bodyBytes) == (try Data(contentsOf: Self.file)))
    }

    @Test func `contract and route table name the same paths and methods`() throws {
        let paths = try #require(try contract()["paths"] as? [String: NSDictionary])
        let promised = paths.flatMap { path, item in
            item.allKeys.compactMap { $0 as? String }.filter { $0 != "parameters" }
                .map { "\($0.uppercased()) \(path)" }
        }
        let routes = try TestAPI().handler.routes.routes
        let kept = routes.flatMap { route in
            route.operations.map { "\($0.method.name) \(route.pattern)" }
        }
        #expect(promised.sorted() == kept.sorted())
    }

    @Test func `contract and route table know the same queries`() throws {
        let paths = try #require(try contract()["paths"] as? [String: NSDictionary])
        for route in try TestAPI().handler.routes.routes {
            for operation in route.operations {
                let promise = paths[route.pattern.description]?[operation.method.name.lowercased()]
                let parameters = (promise as? NSDictionary)?["parameters"] as? [NSDictionary] ?? []
                let names = parameters.filter { $0["in"] as? String == "query" }.compactMap {
                    $0["name"] as? String
                }
                #expect(names.sorted() == operation.query.sorted(), "\(route.pattern)")
            }
        }
    }

    @Test(arguments: [
        ("Status", "/v1/status"), ("Certificate", "/v1/certificates/www"),
        ("RenewalFacts", "/v1/renewals/r-1"),
        ("Readiness", "/readyz"), ("Problem", "/nowhere"), ("History", "/v1/certificates/www/history"),
    ])
    func `answers have the members that the contract requires`(schema: String, path: String) throws {
        let renewal = RenewalRecord(
            id: RenewalID("r-1"), certificate: CertificateStatus.fixture().name, kind: .renewal,
            isForced: true,
            requestedAt: TestAPI.now)
        let api = try TestAPI(
            .fixture(
                [.fixture { $0.history = [HistoryEntry(.requested, at: TestAPI.now)] }], renewals: [renewal]))
        let schemas = try #require(
            (try contract()["components"] as? NSDictionary)?["schemas"] as? NSDictionary)
        let answer = try api.get(path).json
        try compare(answer, with: ["$ref": "#/components/schemas/\(schema)"], schemas, at: path)
    }

    @Test func `answers to changes have the members that the contract requires`() throws {
        let schemas = try #require(
            (try contract()["components"] as? NSDictionary)?["schemas"] as? NSDictionary)
        let api = try TestAPI()
        let batch = try #require(
            try api.post("/v1/renew", token: api.token, body: #"{"all":true}"#).json["batch"])
        try compare(batch, with: ["$ref": "#/components/schemas/Batch"], schemas, at: "batch")
        let refused = ConfigurationReload.Outcome.refused([
            ConfigurationFault(line: 1, column: 2, key: "a", message: "b", hint: "c")
        ])
        for (schema, outcome) in [
            ("ConfigurationReload", .applied(ConfigurationDifference())), ("Problem", refused),
        ] {
            let awaited = try api.begin("/v1/reload", prefer: nil)
            let reload = ConfigurationReload(
                id: RenewalID("r-1"), endedAt: TestAPI.now, outcome: outcome)
            api.board.publish(.fixture { agent, _, _ in agent.configurationReloads = [reload] })
            api.pass()
            let answer = try #require(awaited.answer).json
            try compare(answer, with: ["$ref": "#/components/schemas/\(schema)"], schemas, at: schema)
        }
    }

    /// Holds an object's members against `required` and `properties`, all the way down.
    private func compare(
        _ value: Any, with schema: NSDictionary, _ schemas: NSDictionary, at place: String
    ) throws {
        if let reference = schema["$ref"] as? String {
            let name = try #require(reference.split(separator: "/").last)
            let target = try #require(schemas[String(name)] as? NSDictionary, "\(reference)")
            return try compare(value, with: target, schemas, at: place)
        }
        if let all = schema["allOf"] as? [NSDictionary], let first = all.first {
            return try compare(value, with: first, schemas, at: place)
        }
        if let choices = schema["oneOf"] as? [NSDictionary] {
            if value is NSNull {
                #expect(choices.contains { $0["type"] as? String == "null" }, "\(place)")
            } else if let first = choices.first {
                try compare(value, with: first, schemas, at: place)
            }
        } else if let object = value as? NSDictionary {
            let properties = try #require(schema["properties"] as? NSDictionary, "\(place)")
            let required = Set(schema["required"] as? [String] ?? [])
            let found = Set(object.allKeys.compactMap { $0 as? String })
            #expect(required.subtracting(found).isEmpty, "\(place)")
            for name in found {
                let property = try #require(properties[name] as? NSDictionary, "\(place).\(name)")
                try compare(object[name] ?? NSNull(), with: property, schemas, at: "\(place).\(name)")
            }
        } else if let array = value as? [Any] {
            let items = try #require(schema["items"] as? NSDictionary, "\(place)")
            for element in array { try compare(element, with: items, schemas, at: "\(place)[]") }
        } else if let values = schema["enum"] as? NSArray {
            #expect(values.contains(value), "\(place): \(value)")
        } else if value is NSNull {
            #expect((schema["type"] as? [String])?.contains("null") == true, "\(place)")
        }
    }

    @Test func `the contract knows every state, stage and reason`() throws {
        let schemas = try #require(
            (try contract()["components"] as? NSDictionary)?["schemas"] as? NSDictionary)
        func values(_ name: String) -> [String]? { (schemas[name] as? NSDictionary)?["enum"] as? [String] }
        #expect(values("CertificateState") == CertificateState.allCases.map(\.rawValue))
        #expect(values("Stage") == Stage.allCases.map(\.rawValue))
        let certificate = (schemas["Certificate"] as? NSDictionary)?["properties"] as? NSDictionary
        let reasons = (certificate?["reason"] as? NSDictionary)?["enum"] as? [Any]
        #expect(reasons?.compactMap { $0 as? String } == RenewalReason.allCases.map(\.rawValue))
        let renewal = (schemas["RenewalFacts"] as? NSDictionary)?["properties"] as? NSDictionary
        let states = (renewal?["state"] as? NSDictionary)?["enum"] as? [String]
        #expect(states == RenewalRecord.State.allCases.map(\.rawValue))
        let entry = (schemas["HistoryEntry"] as? NSDictionary)?["properties"] as? NSDictionary
        let events = (entry?["event"] as? NSDictionary)?["enum"] as? [String]
        #expect(events == HistoryEntry.Kind.allCases.map(\.rawValue))
        let batch = (schemas["Batch"] as? NSDictionary)?["properties"] as? NSDictionary
        let batchStates = (batch?["state"] as? NSDictionary)?["enum"] as? [String]
        #expect(batchStates == RenewalBatch.State.allCases.map(\.rawValue))
    }

    @Test func `titles, types and statuses of problems are in the contract as they are sent`() throws {
        var examples: [NSDictionary] = []
        collect(try contract(), into: &examples)
        #expect(examples.count > 8)
        for example in examples {
            let name = try #require(example["type"] as? String).replacing("urn:certplane:problem:", with: "")
            let type = try #require(ProblemType(rawValue: name))
            #expect(example["title"] as? String == type.title)
            #expect(example["status"] as? Int == type.status.code)
        }
    }

    private func collect(_ value: Any, into examples: inout [NSDictionary]) {
        if let object = value as? NSDictionary {
            if (object["type"] as? String)?.hasPrefix("urn:") == true { examples.append(object) }
            for member in object.allValues { collect(member, into: &examples) }
        } else if let array = value as? NSArray {
            for element in array { collect(element, into: &examples) }
        }
    }
}
