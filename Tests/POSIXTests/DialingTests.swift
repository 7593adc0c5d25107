import POSIX
import TestSupport
import Testing

@Suite struct DialingTests {
    private let deadline = Clock.boottime() + .seconds(20)

    @Test func `a name is dialled at one of its addresses`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try #require(try listener.localPort())
        let socket = try Socket.dial(host: "localhost", port: port, until: deadline)
        #expect(try socket.wait(.sending, until: deadline) == .ready)
        #expect(try socket.wait(.receiving, until: .zero) == .timedOut)
    }

    @Test func `where nobody listens the refusal is told, and a name without address by the resolver`() throws
    {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try #require(try listener.localPort())
        _ = consume listener
        let refused = #expect(throws: DialFailure.self) {
            _ = try Socket.dial(host: "127.0.0.1", port: port, until: deadline)
        }
        #expect(refused == .system(SystemError("connect", "127.0.0.1:\(port)", .connectionRefused)))
        let unknown = #expect(throws: DialFailure.self) {
            _ = try Socket.dial(host: "nobody.invalid", port: 1, until: deadline)
        }
        guard case .notResolved("nobody.invalid", _) = unknown else {
            Issue.record("\(String(describing: unknown))")
            return
        }
    }

    @Test func `a ring ends the wait and stays to be heard by others`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try #require(try listener.localPort())
        let socket = try Socket.dial(host: "127.0.0.1", port: port, until: deadline)
        let bell = try Bell()
        bell.ring()
        #expect(try socket.wait(.receiving, until: deadline, stop: bell) == .stopped)
        #expect(bell.isRinging)
        #expect(throws: DialFailure.stopped) {
            _ = try Socket.dial(host: "127.0.0.1", port: port, until: deadline, stop: bell)
        }
    }
}
