import FoundationEssentials
import Notation
import Testing

@Suite struct JSONCodingTests {
    struct Everything: Codable, Equatable {
        enum Choice: Codable, Equatable { case plain, with(label: String, Int), nothing }

        var text = "a \"quoted\" \\ / line\n\u{1}\t é 🔑"
        var yes = true
        var small: Int8 = -128
        var large = UInt64.max
        var real = 0.1
        var tiny = Double.leastNormalMagnitude
        var none: Int?
        var some: Int? = 7
        var list = [[1, 2], [], [3]]
        var names = ["b": 1, "a": 2]
        var duration = Duration.milliseconds(-1500)
        var date = Date(timeIntervalSince1970: 1_795_426_200.25)
        var choices: [Choice?] = [.plain, .with(label: "x", 1), nil, .nothing]
    }

    @Test(arguments: [JSON.Layout.compact, .indented])
    func `every kind of value comes back as it was`(layout: JSON.Layout) throws {
        let bytes = try JSON.encode(Everything(), layout)
        #expect(try JSON.decode(Everything.self, from: bytes) == Everything())
    }

    @Test func `FoundationEssentials reads what is written, and what it writes is read`() throws {
        let ours = try JSON.encode(Everything())
        #expect(try JSONDecoder().decode(Everything.self, from: Data(ours)) == Everything())
        let theirs = try JSONEncoder().encode(Everything())
        #expect(try JSON.decode(Everything.self, from: Array(theirs)) == Everything())
    }

    @Test func `members are in the order of their names, slashes are left alone`() throws {
        let value = ["b": ["/x"], "a": []]
        #expect(String(decoding: try JSON.encode(value), as: UTF8.self) == #"{"a":[],"b":["/x"]}"#)
        let indented = """
            {
              "a": [],
              "b": [
                "/x"
              ]
            }
            """
        #expect(String(decoding: try JSON.encode(value, .indented), as: UTF8.self) == indented)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func `what JSON can't hold is refused`(number: Double) {
        #expect(throws: EncodingError.self) { try JSON.encode([number]) }
    }

    struct Order: Decodable {
        struct Item: Decodable { var count: UInt8 }
        var items: [Item]
    }

    static let wrong: [(text: String, fault: String)] = [
        ("{}", "keyNotFound items"), (#"{"items": 1}"#, "typeMismatch items"),
        (#"{"items": null}"#, "valueNotFound items"),
        (#"{"items": [{"count": 256}]}"#, "typeMismatch items.0.count"),
        (#"{"items": [{"count": 1.5}]}"#, "typeMismatch items.0.count"),
        (#"{"items": [{"count": "1"}]}"#, "typeMismatch items.0.count"),
        (#"{"items": [1]}"#, "typeMismatch items.0"), ("[]", "typeMismatch "), ("", "dataCorrupted "),
        (#"{"items": []"#, "dataCorrupted "), (#"{"items": [], "items": []}"#, "dataCorrupted "),
        (String(repeating: "[", count: 100_000), "dataCorrupted "),
    ]

    @Test(arguments: wrong)
    func `what doesn't fit says where and why`(text: String, fault: String) {
        let error = #expect(throws: DecodingError.self) {
            _ = try JSON.decode(Order.self, from: Array(text.utf8))
        }
        #expect(error.map(Self.brief) == fault)
    }

    @Test func `whole numbers may be written with an exponent`() throws {
        #expect(try JSON.decode([Int].self, from: Array("[1e2, 3.0, -0]".utf8)) == [100, 3, 0])
    }

    @Test func `a hundred thousand members are read in a moment`() throws {
        let text = "{" + (0..<100_000).map { #""k\#($0)":0"# }.joined(separator: ",") + "}"
        let started = ContinuousClock.now
        #expect(try JSON.decode([String: Int].self, from: Array(text.utf8)).count == 100_000)
        #expect(ContinuousClock.now - started < .seconds(20))
    }

    private static func brief(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, _): return "keyNotFound \(key.stringValue)"
        case .typeMismatch(_, let context): return "typeMismatch \(path(context))"
        case .valueNotFound(_, let context): return "valueNotFound \(path(context))"
        case .dataCorrupted(let context): return "dataCorrupted \(path(context))"
        @unknown default: return "unknown"
        }
    }
}
