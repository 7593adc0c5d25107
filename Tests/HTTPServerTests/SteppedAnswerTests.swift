import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct SteppedAnswerTests {
    @Test func `an answer is finished before the next one is begun`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let clients = try (0..<5).map { _ in try server.client() }
        try server.standingStill { for client in clients { try client.send(get("/steps") + get("/after")) } }
        for client in clients {
            #expect(try client.answer().text == "step by step")
            #expect(try client.answer().text == "GET /after ")
        }
        #expect(handler.steps.withLock { $0 } == (1...5).flatMap { [$0, $0, $0] })
    }

    @Test func `others are served while an answer is being made`() throws {
        let handler = try ScriptedHandler()
        handler.mayFinish.withLock { $0 = false }
        let server = try RunningReactor(handler: handler)
        let (patient, other) = (try server.client(), try server.client())
        try patient.send(get("/steps"))
        try other.send(get("/other"))
        #expect(try other.answer().status == 200)
        handler.mayFinish.withLock { $0 = true }
        #expect(try patient.answer().text == "step by step")
    }

    @Test func `who waits in line gives way to one more, but not whose answer is being made`() throws {
        var limits = ServerLimits()
        limits.connections = 3
        let handler = try ScriptedHandler()
        handler.mayFinish.withLock { $0 = false }
        let server = try RunningReactor(limits, handler: handler)
        let clients = try (0..<3).map { _ in try server.client() }
        for client in clients {
            try client.send(get("/first"))
            _ = try client.answer()
        }
        for client in clients { try client.send(get("/steps")) }
        let newcomer = try server.client()
        try newcomer.send(get("/new"))
        #expect(try newcomer.answer().status == 200)
        #expect(try clients[1].answer().status == 503)
        #expect(try clients[1].isClosedSilently())
        handler.mayFinish.withLock { $0 = true }
        #expect(try clients[0].answer().text == "step by step")
        #expect(try clients[2].answer().text == "step by step")
        #expect(handler.steps.withLock { Set($0).count } == 2)
    }

    @Test func `an answer that comes later may be made step by step`() throws {
        let handler = try ScriptedHandler()
        let server = try RunningReactor(handler: handler)
        let (client, other) = (try server.client(), try server.client())
        try client.send(get("/later") + get("/after"))
        let responder = try #require(handler.takeKept())
        handler.mayFinish.withLock { $0 = false }
        responder.respond(ScriptedSteps(handler: handler, number: 1))
        try other.send(get("/other"))
        #expect(try other.answer().status == 200)
        handler.mayFinish.withLock { $0 = true }
        #expect(try client.answer().text == "step by step")
        #expect(try client.answer().text == "GET /after ")
    }

    @Test func `an answer whose client has gone is made no further`() throws {
        let handler = try ScriptedHandler()
        handler.mayFinish.withLock { $0 = false }
        let server = try RunningReactor(handler: handler)
        var impatient: RawClient? = try server.client()
        try impatient?.send(get("/steps"))
        let other = try server.client()
        try other.send(get("/other"))
        _ = try other.answer()
        impatient = nil
        handler.mayFinish.withLock { $0 = true }
        try other.send(get("/steps"))
        #expect(try other.answer().text == "step by step")
    }
}
