import POSIX
import Testing

@testable import certplane_agent

@Suite struct ListenerOwnerTests {
    private static let head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

    private func row(_ local: String, _ state: String, _ user: Int) -> String {
        "   0: \(local) 00000000:0000 \(state) 00000000:00000000 00:00000000 00000000  \(user)        0 77 1 0\n"
    }

    @Test(arguments: [
        ("0100007F:2634", "127.0.0.1"), ("00000000:2634", "127.0.0.1"), ("0102037F:2634", "127.3.2.1"),
        ("00000000000000000000000000000000:2634", "127.0.0.1"),
        ("0000000000000000FFFF00000100007F:2634", "127.0.0.1"),
        ("0000000000000000FFFF000000000000:2634", "127.0.0.1"),
        ("00000000000000000000000001000000:2634", "::1"), ("00000000000000000000000000000000:2634", "::1"),
    ])
    func `whoever listens where the connection may arrive is found`(local: String, host: String) {
        let table = Self.head + row(local, "0A", 1000)
        #expect(ListenerOwner.listeners(in: table, host: host, port: 9780) == [1000])
    }

    @Test(arguments: [
        ("0100007F:2635", "0A", "127.0.0.1"), ("0100007F:2634", "01", "127.0.0.1"),
        ("0200007F:2634", "0A", "127.0.0.1"), ("0100000A:2634", "0A", "127.0.0.1"),
        ("00000000000000000000000001000000:2634", "0A", "127.0.0.1"), ("0100007F:2634", "0A", "::1"),
        ("0100007F2634", "0A", "127.0.0.1"), ("XYZ:2634", "0A", "127.0.0.1"),
    ])
    func `other sockets are nobody's concern`(local: String, state: String, host: String) {
        let table = Self.head + row(local, state, 1000)
        #expect(ListenerOwner.listeners(in: table, host: host, port: 9780).isEmpty)
    }

    @Test func `all owners count, not the first`() {
        let table = Self.head + row("0100007F:2634", "0A", 0) + row("00000000:2634", "0A", 1000)
        #expect(ListenerOwner.listeners(in: table, host: "127.0.0.1", port: 9780) == [0, 1000])
    }

    @Test func `the kernel's own table names us for a socket of ours`() throws {
        let socket = try Socket.listen(host: "127.0.0.1", port: 0)
        let port = try #require(try socket.localPort())
        #expect(try ListenerOwner.all(host: "127.0.0.1", port: port) == [ProcessFacts.userID])
        let sixth = try Socket.listen(host: "::1", port: 0)
        let sixthPort = try #require(try sixth.localPort())
        #expect(try ListenerOwner.all(host: "::1", port: sixthPort) == [ProcessFacts.userID])
    }
}
