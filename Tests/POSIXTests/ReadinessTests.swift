import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct ReadinessTests {
    @Test func `a ring before the wait is not lost, and many are heard as one`() throws {
        let bell = try Bell()
        bell.ring()
        bell.ring()
        #expect(bell.isRinging)
        #expect(bell.wait() == .rung)
        #expect(!bell.isRinging)
        #expect(!bell.hear())
    }

    @Test func `a ring from another thread ends the wait`() throws {
        let bell = try Bell()
        let worker = try Worker(name: "ringer") { bell.ring() }
        #expect(bell.wait(until: Clock.boottime() + .seconds(20)) == .rung)
        worker.join()
    }

    @Test func `without a ring the wait ends at the deadline, not before`() throws {
        let deadline = Clock.boottime() + .milliseconds(30)
        #expect(try Bell().wait(until: deadline) == .timedOut)
        #expect(Clock.boottime() >= deadline)
        #expect(try Bell().wait(until: .zero) == .timedOut, "a deadline of the past")
    }

    @Test func `an event carries the slot and the generation it was registered with`() throws {
        var poller = try Poller()
        let bell = try Bell()
        let token = Poller.Token(slot: .max, generation: 0x8000_0001)
        try poller.add(bell.descriptor, token, for: .reading)
        bell.ring()
        var events: [Poller.Event] = []
        try poller.wait(into: &events)
        #expect(events.map(\.token) == [token])
        #expect(events[0].isReadable && !events[0].isWritable && !events[0].isBroken)
    }

    @Test func `the interest decides what is reported, until the descriptor is removed`() throws {
        var poller = try Poller()
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        let token = Poller.Token(slot: 1)
        try poller.add(client.descriptor, token, for: [])
        var events: [Poller.Event] = []
        try poller.wait(until: .zero, into: &events)
        #expect(events == [])
        try poller.modify(client.descriptor, token, for: [.reading, .writing])
        try poller.wait(into: &events)
        #expect(events.count == 1 && events[0].isWritable && !events[0].isReadable)
        try poller.remove(client.descriptor)
        try poller.wait(until: .zero, into: &events)
        #expect(events == [])
    }

    @Test func `a peer that ends its direction, and one that is gone, are told apart`() throws {
        var poller = try Poller()
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        guard case .accepted(let served, from: _) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        try poller.add(served.descriptor, Poller.Token(slot: 1), for: .reading)
        var events: [Poller.Event] = []
        client.shutDown(.sending)
        try poller.wait(into: &events)
        #expect(events.count == 1 && events[0].peerHasClosed && events[0].isReadable && !events[0].isBroken)
        served.shutDown(.both)
        try poller.wait(into: &events)
        #expect(events.count == 1 && events[0].isBroken)
    }

    @Test func `a blocked signal is read, not suffered`() async throws {
        let heard = try await onThread { () throws -> [Signal?] in
            let source = try SignalSource([.user2, .hangup])
            // To this thread only: no other has it blocked.
            pthread_kill(pthread_self(), SIGUSR2)
            return [source.wait(), source.next(), source.wait(until: Clock.boottime() + .milliseconds(10))]
        }
        #expect(heard == [.user2, nil, nil])
    }

    @Test func `signals are called by their names`() {
        #expect("\(Signal.terminate)" == "SIGTERM")
        #expect("\(Signal(rawValue: 4_711))" == "signal 4711")
    }

    @Test func `boottime runs on and the wall clock is this century's`() {
        let before = Clock.boottime()
        #expect(Clock.boottime() >= before && before > .zero)
        #expect(Clock.wall().seconds > 1_700_000_000)
    }
}
