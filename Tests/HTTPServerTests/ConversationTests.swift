import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct ConversationTests {
    @Test func `a connection carries one request after the other`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        for path in ["/a", "/b", "/c"] {
            try client.send(get(path))
            let answer = try client.answer()
            #expect(answer.status == 200)
            #expect(answer.text == "GET \(path) ")
            #expect(answer.fields["connection"] == nil)
            #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
        }
    }

    @Test func `pipelined requests are answered in their order`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        let paths = (0..<500).map { "/\($0)" }
        try client.send(paths.map { get($0) }.joined())
        for path in paths { #expect(try client.answer().text == "GET \(path) ") }
    }

    @Test func `pipelined big answers come whole and in order`() throws {
        let handler = try ScriptedHandler(bigBytes: 3_000_000)
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/big") + get("/a") + get("/big") + get("/b"))
        #expect(try client.answer().body == handler.big.bytes)
        #expect(try client.answer().text == "GET /a ")
        #expect(try client.answer().body == handler.big.bytes)
        #expect(try client.answer().text == "GET /b ")
    }

    @Test func `a request may come byte by byte`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        for byte in request.utf8 { try client.send([byte]) }
        #expect(try client.answer().text == "POST / abc")
    }

    @Test func `HEAD has the length of the body and not the body`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler(bigBytes: 100_000))
        let client = try server.client()
        try client.send("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"))
        #expect(try client.answer(hasBody: false).fields["content-length"] == "100000")
        #expect(try client.answer().text == "GET /next ")
    }

    @Test func `a client that waits for it is told to go on`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.answer().status == 100)
        try client.send("abc")
        #expect(try client.answer().text == "POST / abc")
    }

    @Test(arguments: [
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n",
        "GET /close HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `the last answer says so and the connection closes`(request: String) throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        try client.send(request + get("/never"))
        #expect(try client.answer().fields["connection"] == "close")
        #expect(try client.isClosedSilently())
    }

    @Test func `HTTP/1.0 keeps the connection when asked to`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        for _ in 0..<2 {
            try client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try client.answer().fields["connection"] == "keep-alive")
        }
    }

    @Test func `a client that has ended its side still gets its answers`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/a") + get("/later"))
        client.endSending()
        #expect(try client.answer().text == "GET /a ")
        handler.takeKept()?.respond(Response(.ok, text: "at last"))
        #expect(try client.answer().text == "at last")
        #expect(try client.isClosedSilently())
    }

    @Test func `a refusal is answered and closes`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        try client.send(get("/a") + "GET / HTTP/1.1\n\n")
        #expect(try client.answer().status == 200)
        let answer = try client.answer()
        #expect(answer.status == 400)
        #expect(answer.text == RefusedRequest.bareLineFeed.title + "\n")
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isClosedSilently())
    }

    @Test func `a refusal reaches a client that is still sending`() throws {
        var limits = ServerLimits()
        limits.lingerBytes = 16 << 20
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let client = try server.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
        try client.send([UInt8](repeating: 0x61, count: 4_000_000))
        #expect(try client.answer().status == 413)
        #expect(try client.isClosedSilently())
    }

    @Test func `every answer is heard of`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/a?b") + "x\r\n\r\n")
        _ = try client.rest()
        #expect(handler.exchanges.withLock { $0 } == ["/a?b 200", "- 400"])
    }
}
