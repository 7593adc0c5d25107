import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct ReactorTests {
    @Test func `a Unix socket shows who connected`() throws {
        let scratch = try ScratchDirectory()
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let path = scratch.path("api.sock")
        let listening = try server.reactor.listen(.unix(path: path, mode: 0o660))
        #expect(listening.port == nil)
        let client = try RawClient(path: path)
        try client.send(get("/a"))
        #expect(try client.answer().status == 200)
        let peer = try #require(handler.peers.withLock { $0.first })
        #expect(peer.address == .unix)
        #expect(peer.credentials?.process == ProcessFacts.processID)
    }

    @Test func `a TCP peer shows the port it came to`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/a"))
        _ = try client.answer()
        let peer = try #require(handler.peers.withLock { $0.first })
        #expect(peer.localPort == server.listening.port)
        #expect(peer.credentials == nil)
        #expect(!peer.isSecure)
    }

    @Test func `listeners come and go at run time`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let second = try server.reactor.listen(.tcp(host: "127.0.0.1", port: 0))
        let client = try RawClient(port: second.port)
        try client.send(get("/a"))
        #expect(try client.answer().status == 200)
        server.reactor.close(second.id)
        #expect(try client.isClosedSilently())
        // The door is shut in the same turn, behind those who are sent out.
        #expect(throws: (any Error).self) {
            for _ in 0..<1_000 { _ = try RawClient(port: second.port) }
        }
        let other = try server.client()
        try other.send(get("/c"))
        #expect(try other.answer().status == 200)
    }

    @Test func `who is owed an answer when the listener goes gets it, and no other`() throws {
        let handler = try ScriptedHandler(bigBytes: 8 << 20)
        let server = try RunningReactor(handler: handler)
        let second = try server.reactor.listen(.tcp(host: "127.0.0.1", port: 0))
        let (waiting, reading) = (try RawClient(port: second.port), try RawClient(port: second.port))
        let half = try RawClient(port: second.port)
        try half.send("POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab")
        try reading.send(get("/big") + get("/next"))
        try waiting.send(get("/later") + get("/next"))
        let responder = try #require(handler.takeKept())
        server.reactor.close(second.id)
        #expect(try half.isClosedSilently())
        responder.respond(Response(.ok, text: "the last"))
        let last = try waiting.answer()
        #expect(last.text == "the last")
        #expect(last.fields["connection"] == "close")
        #expect(try waiting.isClosedSilently())
        #expect(try reading.answer().body.count == 8 << 20)
        #expect(try reading.isClosedSilently())
        #expect(!handler.exchanges.withLock { $0.contains("/next 200") || $0.contains("/half 200") })
    }

    @Test func `a port that is taken is known at once`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let port = try #require(server.listening.port)
        #expect(throws: SystemError.self) {
            _ = try server.reactor.listen(.tcp(host: "127.0.0.1", port: port))
        }
    }

    @Test func `stop closes the idle and finishes the others`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let idle = try server.client()
        try idle.send(get("/a"))
        _ = try idle.answer()
        let waiting = try server.client()
        try waiting.send(get("/later"))
        let responder = try #require(handler.takeKept())
        server.reactor.stop(grace: .seconds(20))
        #expect(try idle.isClosedSilently())
        responder.respond(Response(.ok, text: "finished"))
        let answer = try waiting.answer()
        #expect(answer.text == "finished")
        #expect(answer.fields["connection"] == "close")
        #expect(try waiting.isClosedSilently())
        server.stop(grace: .seconds(20))
        #expect(throws: (any Error).self) { try server.client() }
    }

    @Test func `stop does not wait longer than its grace`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let waiting = try server.client()
        try waiting.send(get("/later"))
        let responder = try #require(handler.takeKept())
        server.stop(grace: .milliseconds(50))
        #expect(try waiting.isClosedSilently())
        responder.respond(Response(.ok))
    }

    @Test func `scheduled work runs in the order of its time`() throws {
        let server = try RunningReactor(handler: try ScriptedHandler())
        let order = Lock<[Int]>([])
        let done = try Bell()
        server.reactor.schedule(after: .milliseconds(60)) {
            order.withLock { $0.append(2) }
            done.ring()
        }
        server.reactor.schedule(after: .milliseconds(10)) { order.withLock { $0.append(1) } }
        #expect(done.wait(until: Clock.boottime() + .seconds(20)) == .rung)
        #expect(order.withLock { $0 } == [1, 2])
    }

    @Test func `the heart beats although nothing happens`() async throws {
        var limits = ServerLimits()
        limits.longestRest = .milliseconds(200)
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let advanced = try await onThread {
            let bell = try Bell()
            // The beat for the listener that was opened is not meant.
            _ = bell.wait(until: Clock.boottime() + .milliseconds(100))
            let before = server.reactor.heartbeat.beats
            // Well before the five seconds that a wait of the poller lasts at most.
            let deadline = Clock.boottime() + .seconds(4)
            while server.reactor.heartbeat.beats == before, Clock.boottime() < deadline {
                _ = bell.wait(until: Clock.boottime() + .milliseconds(50))
            }
            return server.reactor.heartbeat.beats > before
        }
        #expect(advanced)
    }
}
