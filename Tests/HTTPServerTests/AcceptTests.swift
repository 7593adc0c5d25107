import Glibc
import HTTP
import HTTPServer
import POSIX
import TestSupport
import Testing

struct AcceptTests {
    /// In a process of its own: the limit of descriptors is everybody's.
    @Test func `a listener that finds no descriptor rests and goes on`() async {
        await #expect(processExitsWith: .success) {
            let handler = try ScriptedHandler()
            let server = try RunningReactor(handler: handler)
            let first = try server.client()
            try first.send(get("/a"))
            _ = try first.answer()
            // Each client has two descriptors of this process and the server takes a third.
            var limit = rlimit(rlim_cur: 40, rlim_max: 40)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
            var clients: [RawClient] = []
            while let client = try? server.client() { clients.append(client) }
            let deadline = Clock.boottime() + .seconds(20)
            let bell = try? Bell()
            while handler.pauses.withLock({ $0 }) < 2, Clock.boottime() < deadline {
                // A connection that waits in the queue takes no descriptor of the server.
                if clients.count > 1 { clients.removeFirst() }
                if let client = try? server.client() { clients.append(client) }
                _ = bell?.wait(until: Clock.boottime() + .milliseconds(20))
            }
            guard handler.pauses.withLock({ $0 }) > 0 else { exit(3) }
            try first.send(get("/b"))
            guard try first.answer().status == 200 else { exit(4) }
            clients = []
            let next = try server.client()
            try next.send(get("/c"))
            guard try next.answer().status == 200 else { exit(5) }
            exit(0)
        }
    }
}
