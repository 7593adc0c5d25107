import HTTP
import RequestVectors
import Testing

/// Requests are read in memory that is handed on, as the reactor does, and one like that before isn't judged again.
struct RepeatedRequestTests {
    /// What a parser makes of `input`, request by request, with the memory of each handed on to the next.
    private func read(_ input: String, handingOn: Bool) -> [String] {
        var parser = RequestParser()
        var memory = RequestMemory()
        var rest = Array(input.utf8)[...]
        var events: [String] = []
        while !rest.isEmpty {
            if handingOn { parser.borrow(&memory) }
            let (consumed, event) = parser.read(rest)
            rest = rest.dropFirst(consumed)
            switch consume event {
            case .needsMore: events.append("incomplete")
            case .continueExpected: events.append("continue")
            case .refused(let reason):
                events.append("\(reason)")
                return events
            case .request(let request):
                let fields = request.fields.map { "\($0.name)=\($0.value)" }
                let body = String(decoding: request.body, as: UTF8.self)
                events.append("\(request.method.name) \(request.target.text) \(fields) \(body)")
                if handingOn {
                    parser.recycle(request)
                    parser.returnMemory(to: &memory)
                }
            }
        }
        return events
    }

    private static let requests = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a",
        "GET /a HTTP/1.1\r\nHost: a\r\n\n",
    ]

    @Test(arguments: requests, requests)
    func `whatever was said before, a request is what it is`(one: String, other: String) {
        for input in [one + other, one + one + other, one + other + other, one + other + one] {
            #expect(read(input, handingOn: true) == read(input, handingOn: false))
        }
    }

    @Test func `a request that somebody keeps stays whole`() throws {
        var parser = RequestParser()
        var kept: [Request] = []
        for text in [Self.requests[0], Self.requests[0], Self.requests[1], Self.requests[0]] {
            guard case .request(let request) = parser.read(Array(text.utf8)[...]).event else { return }
            kept.append(request)
            parser.recycle(request)
        }
        #expect(kept.map(\.fields.count) == [1, 1, 2, 1])
        #expect(kept.allSatisfy { $0.fields["host"] == "a" && $0.target.path == "/a" })
    }
}
