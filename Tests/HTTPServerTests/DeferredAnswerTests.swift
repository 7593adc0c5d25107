import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct DeferredAnswerTests {
    @Test func `an answer may come later and from another thread`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/later") + get("/after"))
        let responder = try #require(handler.takeKept())
        let worker = try Worker(name: "answer") { responder.respond(Response(.accepted, text: "later")) }
        worker.join()
        #expect(try client.answer().text == "later")
        #expect(try client.answer().text == "GET /after ")
    }

    @Test func `others are served while one waits`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let waiting = try server.client()
        try waiting.send(get("/later"))
        let responder = try #require(handler.takeKept())
        let other = try server.client()
        try other.send(get("/other"))
        #expect(try other.answer().status == 200)
        responder.respond(Response(.ok, text: "later"))
        #expect(try waiting.answer().text == "later")
    }

    @Test func `only the first answer counts`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/later"))
        let responder = try #require(handler.takeKept())
        responder.respond(Response(.ok, text: "first"))
        responder.respond(Response(.ok, text: "second"))
        responder.drop()
        #expect(try client.answer().text == "first")
        try client.send(get("/next"))
        #expect(try client.answer().text == "GET /next ")
    }

    @Test func `a request that nobody answers gets 500`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let client = try server.client()
        try client.send(get("/forgotten") + get("/next"))
        #expect(try client.answer().status == 500)
        #expect(try client.answer().text == "GET /next ")
    }

    @Test func `an answer for a client that has gone finds nobody, not the next client`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        var gone: RawClient? = try server.client()
        try gone?.send(get("/later"))
        let responder = try #require(handler.takeKept())
        gone = nil
        // The next client takes the slot once the reactor has seen the first one go.
        for _ in 0..<20 {
            let client = try server.client()
            try client.send(get("/next"))
            #expect(try client.answer().text == "GET /next ")
        }
        responder.respond(Response(.ok, text: "too late"))
        let client = try server.client()
        try client.send(get("/later2"))
        handler.takeKept()?.respond(Response(.ok, text: "mine"))
        #expect(try client.answer().text == "mine")
    }

    @Test func `a faulty server can be played`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let half = try server.client()
        try half.send(get("/later"))
        handler.takeKept()?.respondRaw(Array("HTTP/1.1 200 OK\r\nContent-Le".utf8), thenClose: true)
        #expect(try half.rest() == Array("HTTP/1.1 200 OK\r\nContent-Le".utf8))
        let dropped = try server.client()
        try dropped.send(get("/later"))
        handler.takeKept()?.drop()
        #expect(try dropped.isClosedSilently())
        let empty = try server.client()
        try empty.send(get("/later"))
        handler.takeKept()?.respondRaw([], thenClose: true)
        #expect(try empty.isClosedSilently())
    }

    @Test func `one more than may wait gets 503 and keeps its connection`() throws {
        var limits = ServerLimits()
        limits.waitingRequests = 2
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let first = try server.client()
        let second = try server.client()
        let third = try server.client()
        for client in [first, second] { try client.send(get("/later")) }
        let responders = [try #require(handler.takeKept()), try #require(handler.takeKept())]
        #expect(responders[0].mayWait)
        try third.send(get("/later"))
        #expect(try third.answer().status == 503)
        #expect(handler.takeKept()?.mayWait == false)
        for responder in responders { responder.respond(Response(.ok, text: "done")) }
        for client in [first, second] { #expect(try client.answer().text == "done") }
        try third.send(get("/later"))
        handler.takeKept()?.respond(Response(.ok, text: "now"))
        #expect(try third.answer().text == "now")
    }

    @Test func `a client that has gone leaves its place to another who waits`() throws {
        var limits = ServerLimits()
        limits.waitingRequests = 2
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let (other, third) = (try server.client(), try server.client())
        var gone: RawClient? = try server.client()
        try gone?.send(get("/later"))
        try other.send(get("/later"))
        var responders = [try #require(handler.takeKept()), try #require(handler.takeKept())]
        // With a request that nobody has read yet: its place is free all the same.
        try gone?.send(get("/next"))
        gone = nil
        try third.send(get("/later"))
        responders.append(try #require(handler.takeKept()))
        #expect(responders[2].mayWait)
        for responder in responders { responder.respond(Response(.ok, text: "done")) }
        #expect(try third.answer().text == "done")
        #expect(try other.answer().text == "done")
        // All places are free again, and no more than there are.
        let more = try (0..<3).map { _ in try server.client() }
        for client in more { try client.send(get("/later")) }
        for _ in more { responders.append(try #require(handler.takeKept())) }
        #expect(responders.suffix(3).map(\.mayWait) == [true, true, false])
    }

    @Test func `a client that has only ended its side gets its answer, without a place`() throws {
        var limits = ServerLimits()
        limits.waitingRequests = 1
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let clients = try (0..<3).map { _ in try server.client() }
        var responders: [Responder] = []
        for client in clients {
            try client.send(get("/later"))
            responders.append(try #require(handler.takeKept()))
            client.endSending()
        }
        #expect(responders.map(\.mayWait) == [true, true, true])
        for responder in responders { responder.respond(Response(.ok, text: "done")) }
        for client in clients { #expect(try client.answer().text == "done") }
    }

    @Test func `who has ended its side and waits gives way when connections run out, the others first`()
        throws
    {
        var limits = ServerLimits()
        limits.connections = 3
        limits.reservedForImmediate = 1
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let waiting = try (0..<2).map { _ in try server.client() }
        var responders: [Responder] = []
        for client in waiting {
            try client.send(get("/later"))
            responders.append(try #require(handler.takeKept()))
            client.endSending()
        }
        let idle = try server.client()
        try idle.send(get("/a"))
        #expect(try idle.answer().status == 200)
        let third = try server.client()
        try third.send(get("/later"))
        responders.append(try #require(handler.takeKept()))
        #expect(try idle.isClosedSilently())
        let fourth = try server.client()
        try fourth.send(get("/b"))
        #expect(try fourth.answer().status == 200)
        for responder in responders { responder.respond(Response(.ok, text: "done")) }
        #expect(try waiting[0].answer().status == 503, "it waited longest")
        #expect(try waiting[1].answer().text == "done")
        #expect(try third.answer().text == "done")
    }

    @Test func `a few places are kept for what must get through`() throws {
        var limits = ServerLimits()
        limits.waitingRequests = 1
        limits.waitingInReserve = 1
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let clients = try (0..<4).map { _ in try server.client() }
        try clients[0].send(get("/later"))
        var responders = [try #require(handler.takeKept())]
        try clients[1].send(get("/reserve"))
        responders.append(try #require(handler.takeKept()))
        #expect(responders.map(\.roomToWait) == [.free, .inReserve])
        for (client, path) in [(clients[2], "/later"), (clients[3], "/reserve")] {
            try client.send(get(path))
            #expect(try client.answer().status == 503)
            #expect(handler.takeKept()?.roomToWait == RoomToWait.none)
        }
        for responder in responders { responder.respond(Response(.ok, text: "done")) }
        for client in clients.prefix(2) { #expect(try client.answer().text == "done") }
    }

    @Test func `a handler is tested without a socket`() throws {
        let handler = try ScriptedHandler()
        let answers = Lock<[Int]>([])
        let responder = Responder { delivery in
            if case .response(let response) = delivery {
                answers.withLock { $0.append(response.status.code) }
            }
        }
        let reply = handler.handle(try Request(.get, "/later"), from: Peer(address: .unix), responder)
        guard case .later = reply else {
            Issue.record("\(reply)")
            return
        }
        handler.takeKept()?.respond(Response(.accepted))
        #expect(answers.withLock { $0 } == [202])
    }
}
