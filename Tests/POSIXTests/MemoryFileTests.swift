import POSIX
import Testing

@Suite struct MemoryFileTests {
    private func connected(_ body: (borrowing Socket, consuming Socket) throws -> Void) throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        let client = try Socket.connect(host: "127.0.0.1", port: #require(try listener.localPort()))
        guard case .accepted(let served, from: _) = listener.accept() else {
            Issue.record("no connection")
            return
        }
        try body(served, client)
    }

    @Test func `what is sealed is read and not changed`() throws {
        let file = try MemoryFile()
        try file.append(Array("abc".utf8))
        try file.append(Array("defg".utf8))
        try file.seal()
        #expect(throws: SystemError.self) { try file.append([1]) }
        #expect(try file.read(from: 2, upTo: 3) == Array("cde".utf8))
        #expect(try file.read(from: 5, upTo: 30) == Array("fg".utf8))
        #expect(try file.read(from: 7, upTo: 30).isEmpty)
    }

    @Test func `a head and a part of the file leave together`() throws {
        let file = try MemoryFile()
        try file.append(Array("abcdefg".utf8))
        try connected { served, client in
            #expect(served.send(Array("HEAD".utf8).span, file, from: 2, count: 3) == .sent(7))
            #expect(served.send([UInt8]().span, file, from: 5, count: 100) == .sent(2))
            served.shutDown(.sending)
            var received: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 64)
            while case .received(let count) = client.receive(into: &buffer) { received += buffer[..<count] }
            #expect(String(decoding: received, as: UTF8.self) == "HEADcdefg")
        }
    }

    @Test func `sending fills up, and to a peer that is gone it breaks without a signal`() throws {
        let file = try MemoryFile()
        try file.append([UInt8](repeating: 7, count: 1 << 20))
        try connected { served, client in
            var result = served.send([1].span, file, from: 0, count: 1 << 20)
            while case .sent = result { result = served.send([1].span, file, from: 0, count: 1 << 20) }
            #expect(result == .wouldBlock)
            _ = consume client
            repeat {
                result = served.send([UInt8]().span, file, from: 0, count: 1 << 20)
            } while result == .wouldBlock
            guard case .broken = result else {
                Issue.record("\(result)")
                return
            }
        }
    }
}
