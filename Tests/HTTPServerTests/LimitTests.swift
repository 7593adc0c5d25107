import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct LimitTests {
    private func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test func `an idle connection is closed without a word`() throws {
        let limits = limits { $0.idleTimeout = .milliseconds(50) }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let client = try server.client()
        try client.send(get("/a"))
        #expect(try client.answer().status == 200)
        #expect(try client.isClosedSilently())
    }

    @Test func `a connection that never begins is closed without a word`() throws {
        let limits = limits { $0.headTimeout = .milliseconds(50) }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        #expect(try server.client().isClosedSilently())
    }

    @Test func `a head that does not end is answered with 408`() throws {
        let limits = limits { $0.headTimeout = .milliseconds(50) }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let client = try server.client()
        try client.send("GET / HTTP/1.1\r\n")
        #expect(try client.answer().status == 408)
        #expect(try client.isClosedSilently())
    }

    @Test func `a head that trickles in gains no time`() throws {
        let limits = limits { $0.headTimeout = .milliseconds(150) }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let client = try server.client()
        try client.send("GET / HTTP/1.1\r\n")
        let begin = Clock.boottime()
        let trickle = Array("X: y\r\n".utf8)
        let bell = try Bell()
        // No more lines than the limit of fields allows.
        for _ in 0..<50 where client.sendWithoutWaiting(trickle) > 0 {
            _ = bell.wait(until: Clock.boottime() + .milliseconds(10))
        }
        #expect(try client.answer().status == 408)
        #expect(Clock.boottime() - begin < .seconds(10))
    }

    @Test func `a body that does not end is answered with 408`() throws {
        let limits = limits { $0.bodyTimeout = .milliseconds(50) }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let client = try server.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab")
        #expect(try client.answer().status == 408)
    }

    @Test func `a client that does not read is cut off`() throws {
        let limits = limits { $0.sendTimeout = .milliseconds(100) }
        let handler = try ScriptedHandler(bigBytes: 32 << 20)
        let server = try RunningReactor(limits, handler: handler)
        let client = try server.client()
        try client.send(get("/big"))
        let other = try server.client()
        // The first is gone when the server, idle but for it, can stop without any grace being used up.
        try other.send(get("/a"))
        #expect(try other.answer().status == 200)
        let bell = try Bell()
        _ = bell.wait(until: Clock.boottime() + .milliseconds(300))
        #expect(try client.rest().count < 32 << 20)
    }

    @Test func `requests are not read while their answers pile up`() throws {
        let limits = limits { $0.outputHighWater = 1000 }
        let handler = try ScriptedHandler(bigBytes: 8 << 20)
        let server = try RunningReactor(limits, handler: handler)
        let client = try server.client()
        try client.send(get("/big") + get("/big") + get("/a"))
        let other = try server.client()
        try other.send(get("/b"))
        _ = try other.answer()
        #expect(handler.exchanges.withLock { $0.filter { $0 == "/big 200" }.count } == 1)
        #expect(try client.answer().body.count == 8 << 20)
        #expect(try client.answer().body.count == 8 << 20)
        #expect(try client.answer().text == "GET /a ")
    }

    @Test func `the last descriptors stay free: for who gets one of them two give way`() throws {
        let limits = limits { $0.sparedDescriptors = .max / 2 }
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        var before: RawClient?
        for _ in 0..<4 {
            let client = try server.client()
            try client.send(get("/a"))
            #expect(try client.answer().status == 200)
            if let before { #expect(try before.isClosedSilently()) }
            before = client
        }
        #expect(handler.pauses.withLock { $0 } == 4)
    }

    @Test func `who has many answers to get gives others their turn`() throws {
        let limits = limits {
            $0.outputHighWater = 100
            $0.outputTurn = 100
        }
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let (greedy, modest) = (try server.client(), try server.client())
        // Both are known before both ask at once.
        for client in [greedy, modest] {
            try client.send(get("/first"))
            _ = try client.answer()
        }
        try server.standingStill {
            try greedy.send(String(repeating: get("/many"), count: 50))
            try modest.send(get("/one"))
        }
        #expect(try modest.answer().status == 200)
        for _ in 0..<50 { #expect(try greedy.answer().status == 200) }
        let order = handler.exchanges.withLock { $0 }
        let place = try #require(order.firstIndex(of: "/one 200"))
        #expect(place <= 4, "\(place) answers came first")
        #expect(order.count == 53)
    }

    @Test func `who asks for much work and gets little for it gives others their turn`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let (greedy, modest) = (try server.client(), try server.client())
        for client in [greedy, modest] {
            try client.send(get("/first"))
            _ = try client.answer()
        }
        let head = "HEAD /work HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try server.standingStill {
            try greedy.send(String(repeating: head, count: 49) + get("/work"))
            try modest.send(get("/one"))
        }
        #expect(try modest.answer().status == 200)
        for _ in 0..<50 { #expect(try greedy.answer().status == 200) }
        let order = handler.exchanges.withLock { $0 }
        let place = try #require(order.firstIndex(of: "/one 200"))
        #expect(place <= 4, "\(place) answers came first")
        #expect(order.count == 53)
    }

    @Test func `who asks anew does not wait for all those who have more to ask`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let greedy = try (0..<20).map { _ in try server.client() }
        let modest = try server.client()
        for client in greedy + [modest] {
            try client.send(get("/first"))
            _ = try client.answer()
        }
        try server.standingStill {
            for client in greedy { try client.send(String(repeating: get("/work"), count: 20)) }
        }
        let before = try server.standingStill {
            try modest.send(get("/one"))
            return handler.exchanges.withLock { $0.count }
        }
        #expect(try modest.answer().status == 200)
        for client in greedy { for _ in 0..<20 { #expect(try client.answer().status == 200) } }
        let place = try #require(handler.exchanges.withLock { $0.firstIndex(of: "/one 200") })
        #expect(place - before <= 6, "\(place - before) answers came first")
    }

    @Test func `the connection that is longest without a complete request gives way`() throws {
        let limits = limits {
            $0.connections = 3
            $0.reservedForImmediate = 0
        }
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let waiting = try server.client()
        try waiting.send(get("/later"))
        let responder = try #require(handler.takeKept())
        let silent = try server.client()
        let busy = try server.client()
        try busy.send(get("/a"))
        #expect(try busy.answer().status == 200)
        let next = try server.client()
        try next.send(get("/b"))
        #expect(try next.answer().status == 200)
        #expect(try silent.isClosedSilently())
        try busy.send(get("/c"))
        #expect(try busy.answer().status == 200)
        responder.respond(Response(.ok, text: "spared"))
        #expect(try waiting.answer().text == "spared")
    }

    @Test func `who comes when everybody waits is told to come again`() throws {
        let limits = limits {
            $0.connections = 1
            $0.reservedForImmediate = 0
        }
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let waiting = try server.client()
        try waiting.send(get("/later"))
        let responder = try #require(handler.takeKept())
        let next = try server.client()
        #expect(try next.answer().status == 503)
        #expect(try next.isClosedSilently())
        responder.respond(Response(.ok, text: "later"))
        #expect(try waiting.answer().text == "later")
    }

    @Test func `requests that wait leave room for those that are answered at once`() throws {
        let limits = limits {
            $0.connections = 5
            $0.reservedForImmediate = 3
        }
        let handler = try ScriptedHandler()
        let server = try RunningReactor(limits, handler: handler)
        let waiting = try (0..<2).map { _ in try server.client() }
        var responders: [Responder] = []
        for client in waiting {
            try client.send(get("/later"))
            responders.append(try #require(handler.takeKept()))
        }
        let refused = try server.client()
        try refused.send(get("/later"))
        #expect(try refused.answer().status == 503)
        let immediate = try server.client()
        try immediate.send(get("/a"))
        #expect(try immediate.answer().status == 200)
        for responder in responders { responder.respond(Response(.ok, text: "late")) }
        for client in waiting { #expect(try client.answer().text == "late") }
    }

    @Test func `of all answers that nobody reads the one that waits longest gives way`() throws {
        let size = 16 << 20
        let limits = limits { $0.outputBytes = size }
        let server = try RunningReactor(limits, handler: try ScriptedHandler(ownBytes: size))
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients { try client.send(get("/own", "Connection: close\r\n")) }
        let witness = try server.client()
        try witness.send(get("/a"))
        #expect(try witness.answer().status == 200)
        // Two answers fit whatever their size: those that came last are there in full.
        let isWhole = try clients.map { try $0.rest().count > size }
        #expect(isWhole == [false, false, true, true])
    }

    @Test func `a body in a file is sent at its place`() throws {
        let handler = try ScriptedHandler(bigBytes: 3 << 20)
        let server = try RunningReactor(handler: handler)
        let client = try server.client()
        try client.send(get("/file") + get("/a") + get("/file", "Connection: close\r\n"))
        let expected = Array("<".utf8) + handler.big.bytes + Array(">".utf8) + handler.big.bytes
        #expect(try client.answer().body == expected)
        #expect(try client.answer().text == "GET /a ")
        #expect(try client.answer().body == expected)
        #expect(try client.isClosedSilently())
    }

    @Test func `what many clients are slow to read is in memory once and closes nobody`() throws {
        let size = 16 << 20
        let limits = limits { $0.outputBytes = size }
        let server = try RunningReactor(limits, handler: try ScriptedHandler(bigBytes: size))
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients { try client.send(get("/big")) }
        for client in clients { #expect(try client.answer().body.count == size) }
    }

    @Test func `who had begun a request is told why it gives way`() throws {
        let limits = limits { $0.connections = 1 }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let slow = try server.client()
        try slow.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 3000))")
        // Only what has been received can be known as begun: the byte before was taken when this one is.
        let bell = try Bell()
        _ = bell.wait(until: Clock.boottime() + .milliseconds(100))
        let next = try server.client()
        try next.send(get("/a"))
        #expect(try next.answer().status == 200)
        #expect(try slow.answer().status == 503)
    }

    @Test func `all incomplete requests together are bounded`() throws {
        let limits = limits { $0.requestBytes = 100_000 }
        let server = try RunningReactor(limits, handler: try ScriptedHandler())
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
        let first = try server.client()
        try first.send(head)
        try first.send([UInt8](repeating: 0x61, count: 55_000))
        let second = try server.client()
        try second.send(head)
        try second.send([UInt8](repeating: 0x62, count: 60_000))
        #expect(try first.answer().status == 503)
        #expect(try second.answer().status == 200)
    }
}
