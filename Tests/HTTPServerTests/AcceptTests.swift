import Glibc
import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

/// Each in a process of its own: the limit of descriptors is everybody's.
struct AcceptTests {
    @Test func `without a descriptor the idlest make room for who comes, and for the rest of the process`()
        async
    {
        await #expect(processExitsWith: .success) {
            var limits = ServerLimits()
            limits.sparedDescriptors = 8
            // Who has to wait for the end of a pause isn't served at all.
            limits.acceptPause = .seconds(600)
            let handler = try ScriptedHandler()
            let server = try RunningReactor(limits, handler: handler)
            let clients = try Clients.asking(server, count: 20)
            guard clients.allAnswered else { exit(2) }
            let (next, hoard) = try server.standingStill {
                (try server.client(), try Hoard())
            }
            try next.send(get("/next"))
            guard try next.answer().status == 200 else { exit(3) }
            guard handler.pauses.withLock({ $0 }) == 1 else { exit(4) }
            for client in clients.list.prefix(8) { guard try client.isClosedSilently() else { exit(5) } }
            // Who asked last is still there.
            try clients.list[19].send(get("/again"))
            guard try clients.list[19].answer().status == 200 else { exit(6) }
            let rest = try Hoard()
            exit(hoard.count > 0 && rest.count >= 7 ? 0 : 7)
        }
    }

    @Test func `a listener that can make no room rests and goes on`() async {
        await #expect(processExitsWith: .success) {
            var limits = ServerLimits()
            limits.acceptPause = .milliseconds(20)
            let handler = try ScriptedHandler()
            let server = try RunningReactor(limits, handler: handler)
            let waiting = try server.client()
            try waiting.send(get("/later"))
            guard let responder = handler.takeKept() else { exit(2) }
            let (next, hoard) = try server.standingStill {
                (try server.client(), try Hoard())
            }
            try next.send(get("/next"))
            let deadline = Clock.boottime() + .seconds(20)
            while handler.pauses.withLock({ $0 }) < 3 {
                guard Clock.boottime() < deadline else { exit(4) }
                usleep(10_000)
            }
            // Answered, it can give way.
            responder.respond(Response(.ok, text: "done"))
            guard try waiting.answer().status == 200 else { exit(5) }
            guard try next.answer().status == 200 else { exit(6) }
            exit(hoard.count > 0 ? 0 : 7)
        }
    }
}

/// Clients that have each had an answer, in their order.
private struct Clients {
    let list: [RawClient]
    let allAnswered: Bool

    static func asking(_ server: RunningReactor, count: Int) throws -> Clients {
        var list: [RawClient] = []
        var allAnswered = true
        for _ in 0..<count {
            let client = try server.client()
            try client.send(get("/a"))
            if try client.answer().status != 200 { allAnswered = false }
            list.append(client)
        }
        return Clients(list: list, allAnswered: allAnswered)
    }
}

/// All descriptors that this process may still have, under a limit of its own.
private struct Hoard {
    private var bells: [Bell] = []
    var count: Int { bells.count }

    init() throws {
        var limit = rlimit(rlim_cur: 128, rlim_max: 128)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        while let bell = try? Bell() { bells.append(bell) }
    }
}
