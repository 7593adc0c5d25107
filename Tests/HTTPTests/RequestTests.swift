import HTTP
import Testing

struct RequestTests {
    @Test func `fields are found without regard to letter case`() throws {
        let fields = [Field("X-One", "1"), Field("x-two", "2"), Field("x-one", "3")]
        let request = try Request(.get, "/", fields: fields)
        #expect(request.fields["x-ONE"] == "1")
        #expect(request.fields.values("X-One") == ["1", "3"])
        #expect(request.fields["x-three"] == nil)
        #expect(request.fields.map(\.name) == ["Host", "X-One", "x-two", "x-one"])
        #expect(request.authority == "localhost")
    }

    @Test func `a value that is not UTF-8 is repaired, not refused`() throws {
        var parser = RequestParser()
        let (_, event) = parser.read(Array("GET / HTTP/1.0\r\nX: a".utf8 + [0xFF] + "\r\n\r\n".utf8)[...])
        guard case .request(let request) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(request.fields["X"] == "a\u{FFFD}")
    }

    @Test func `a request that a client could not send cannot be made`() {
        #expect(throws: RefusedRequest.bareLineFeed) { try Request(.get, "/", fields: [Field("X", "a\nb")]) }
        #expect(throws: RefusedRequest.malformedTarget) { try Request(.get, "/<") }
    }

    @Test(arguments: [
        ("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("/a%2Fb/c", ["a/b", "c"]), ("/%2561", ["%61"]),
        ("/caf%C3%A9", ["café"]), ("//a", ["", "a"]), ("/a?b=/c", ["a"]),
    ])
    func `a path is split first and decoded once`(target: String, segments: [String]) throws {
        #expect(try Request(.get, target).target.segments == segments)
    }

    @Test(arguments: ["/%00", "/%0A", "/%FF", "/%C0%AF", "/a/%7F"])
    func `a path that decodes to no text has no segments`(target: String) throws {
        #expect(try Request(.get, target).target.segments == nil)
    }

    @Test func `a query is pairs, decoded once`() throws {
        let target = try Request(.get, "/?a=1&b=%26+c&d&=e&f=g=h&").target
        #expect(
            target.queryItems == [
                QueryItem(name: "a", value: "1"), QueryItem(name: "b", value: "& c"),
                QueryItem(name: "d", value: ""), QueryItem(name: "", value: "e"),
                QueryItem(name: "f", value: "g=h"),
            ])
        #expect(try Request(.get, "/?a=%FF").target.queryItems == nil)
        #expect(try Request(.get, "/").target.queryItems == [])
    }

    @Test func `a segment survives encoding and decoding`() {
        let name = "a/b?c%d é"
        let encoded = PercentEncoding.encodeSegment(name)
        #expect(encoded == "a%2Fb%3Fc%25d%20%C3%A9")
        #expect(PercentEncoding.decode(Array(encoded.utf8)) == name)
    }
}
