import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct SocketTests {
    @Test(arguments: ["127.0.0.1", "::1"])
    func `bytes go both ways over TCP, and would-block is a case`(_ host: String) throws {
        let listener = try Socket.listen(host: host, port: 0)
        let port = try #require(try listener.localPort())
        guard case .wouldBlock = listener.accept() else {
            Issue.record("nobody has connected")
            return
        }
        let client = try Socket.connect(host: host, port: port)
        guard case .accepted(let served, from: let peer) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        #expect(try peer == .tcp(host: host, port: #require(try client.localPort())))
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(served.receive(into: &buffer) == .wouldBlock)
        #expect(client.send(Array("abc".utf8)) == .sent(3))
        #expect(served.receive(into: &buffer, from: 2) == .received(3))
        #expect(buffer == [0, 0, 97, 98, 99, 0, 0, 0])
        #expect(served.send([1, 2].span, [[9, 3], [], [4, 5]], skipping: 1) == .sent(5))
        #expect(client.receive(into: &buffer) == .received(5))
        #expect(buffer.prefix(5) == [1, 2, 3, 4, 5])
        client.shutDown(.sending)
        #expect(served.receive(into: &buffer) == .ended)
    }

    @Test func `of many parts the first leave at once`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        guard case .accepted(let served, from: _) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        let parts = (0..<40).map { [UInt8($0)] }
        #expect(served.send([255].span, parts[...], skipping: 0) == .sent(Socket.mostParts))
        var buffer = [UInt8](repeating: 0, count: 64)
        #expect(client.receive(into: &buffer) == .received(Socket.mostParts))
        #expect(Array(buffer.prefix(Socket.mostParts)) == [255] + Array(0..<15))
    }

    @Test func `for a peer that reads nothing the kernel takes little`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0, unsentLimit: 16 * 1024)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        guard case .accepted(let served, from: _) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var taken = 0
        while case .sent(let count) = served.send(block) { taken += count }
        // The peer's window comes to it.
        #expect(taken > 0 && taken < 256 * 1024)
        _ = client.send([1])
    }

    @Test func `sending fills up, and to a peer that is gone it breaks without a signal`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        guard case .accepted(let served, from: _) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var result = served.send(block)
        while case .sent = result { result = served.send(block) }
        #expect(result == .wouldBlock)
        _ = consume client
        repeat { result = served.send(block) } while result == .wouldBlock
        guard case .broken = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func `a port that is taken, and a host that is no address, are said`() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try #require(try listener.localPort())
        #expect(throws: SystemError("listen", "127.0.0.1:\(port)", .addressInUse)) {
            _ = try Socket.listen(host: "127.0.0.1", port: port)
        }
        #expect(throws: SystemError("listen", "localhost:0", .invalid)) {
            _ = try Socket.listen(host: "localhost", port: 0)
        }
    }

    @Test func `the kernel vouches for who connected a Unix socket`() throws {
        let scratch = try ScratchDirectory()
        let listener = try Socket.listen(path: scratch.path("s"), mode: 0o660)
        let client = try Socket.connect(path: scratch.path("s"))
        guard case .accepted(let served, from: .unix) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        let credentials = try served.peerCredentials()
        #expect(credentials.process == ProcessFacts.processID)
        #expect(credentials.user == ProcessFacts.userID && credentials.group == ProcessFacts.groupID)
        #expect(try served.localPort() == nil)
        _ = consume client
    }

    @Test func `a Unix socket has its mode and group when it appears, and its nursery is gone`() throws {
        let scratch = try ScratchDirectory()
        let group = ProcessFacts.userID == 0 ? 100 : ProcessFacts.groupID
        let listener = try Socket.listen(path: scratch.path("s"), mode: 0o660, group: group)
        let status = try #require(try File.statusOfEntry(scratch.path("s")))
        #expect(status.kind == .socket && status.mode == 0o660 && status.group == group)
        #expect(try scratch.open().entries() == ["s"])
        _ = consume listener
    }

    @Test func `a dead Unix socket is replaced, a living one and a file are not`() throws {
        let scratch = try ScratchDirectory()
        _ = try Socket.listen(path: scratch.path("s"))
        #expect(try scratch.open().entries() == ["s"], "the dead one lies there")
        let living = try listenOncePeaceful(scratch.path("s"))
        #expect(throws: SystemError("listen", scratch.path("s"), .addressInUse)) {
            _ = try Socket.listen(path: scratch.path("s"))
        }
        let full = try Socket.listen(path: scratch.path("full"), backlog: 0)
        let waiting = try Socket.connect(path: scratch.path("full"))
        #expect(throws: SystemError("listen", scratch.path("full"), .addressInUse)) {
            _ = try Socket.listen(path: scratch.path("full"))
        }
        _ = consume full
        _ = consume waiting
        try scratch.write("file", "precious")
        #expect(throws: SystemError("listen", scratch.path("file"), .exists)) {
            _ = try Socket.listen(path: scratch.path("file"))
        }
        #expect(try scratch.read("file") == "precious")
        _ = consume living
    }

    @Test func `a Unix socket can be bound at every path that it can be reached at`() throws {
        let scratch = try ScratchDirectory()
        for length in 80...Socket.longestPath {
            let room = length - scratch.path("").utf8.count
            try #require(room > 0)
            let path = scratch.path(String(repeating: "x", count: room))
            try #require(path.utf8.count == length)
            let listener = try Socket.listen(path: path)
            _ = try Socket.connect(path: path)
            #expect(try File.statusOfEntry(path)?.mode == 0o600)
            _ = consume listener
            try File.remove(path)
        }
        #expect(try scratch.open().entries().isEmpty)
        let path = scratch.path(String(repeating: "x", count: 108 - scratch.path("").utf8.count))
        #expect(throws: SystemError("bind", path, .nameTooLong)) { _ = try Socket.listen(path: path) }
    }

    @Test func `a process replaces its own socket in one step, and nobody else's`() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path("s")
        let old = try listenOncePeaceful(path)
        let file = try #require(try File.statusOfEntry(path))
        let new = try Socket.listen(path: path, mode: 0o660, insteadOf: file)
        let status = try #require(try File.statusOfEntry(path))
        #expect(status.mode == 0o660 && !status.isSameFile(as: file))
        #expect(throws: SystemError("listen", path, .addressInUse)) {
            _ = try Socket.listen(path: path, insteadOf: file)
        }
        _ = consume old
        _ = consume new
    }

    @Test func `a path longer than a socket address holds is refused, not cut`() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path(String(repeating: "x", count: 120))
        #expect(throws: SystemError("connect", path, .nameTooLong)) { _ = try Socket.connect(path: path) }
    }

    /// A child that another test is starting holds a copy of every descriptor, the dead listener's too, for the
    /// moment between fork and execve.
    private func listenOncePeaceful(_ path: String) throws -> Socket {
        let deadline = Clock.boottime() + .seconds(10)
        while true {
            do throws(SystemError) {
                return try Socket.listen(path: path)
            } catch {
                if error.errno != .addressInUse || Clock.boottime() > deadline { throw error }
                sched_yield()
            }
        }
    }
}
