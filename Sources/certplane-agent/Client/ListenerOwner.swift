import POSIX

/// Whose sockets take the connections to a loopback port, as the kernel lists them (proc_net_tcp). Another local user
/// may have taken the port before the agent: what is sent there then is his.
enum ListenerOwner {
    /// The owners of all sockets that listen where a connection to `host` and `port` may arrive; empty if none does.
    static func all(host: String, port: UInt16) throws(SystemError) -> Set<UserID> {
        var owners: Set<UserID> = []
        for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
            do throws(SystemError) {
                let table = try File.read(path, limit: 64 << 20)
                owners.formUnion(
                    listeners(in: String(decoding: table, as: UTF8.self), host: host, port: port))
            } catch {
                // A kernel without IPv6 has no such table.
                if path == "/proc/net/tcp6", error.errno == .notFound { continue }
                throw error
            }
        }
        return owners
    }

    /// The owners in one table.
    static func listeners(in table: String, host: String, port: UInt16) -> Set<UserID> {
        let addresses = accepting(host)
        var owners: Set<UserID> = []
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            // 0A is LISTEN.
            guard fields.count > 7, fields[3] == "0A", let owner = UserID(fields[7]) else { continue }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, UInt16(local[1], radix: 16) == port, let address = words(local[0]) else {
                continue
            }
            if addresses.contains(address) { owners.insert(owner) }
        }
        return owners
    }

    /// The addresses whose listeners take a connection to `host`, as big-endian words: its own, and "any".
    private static func accepting(_ host: String) -> [[UInt32]] {
        let any: [[UInt32]] = [[0, 0, 0, 0]]
        if host.contains(":") { return any + [[0, 0, 0, 1]] }
        let address = host.split(separator: ".").compactMap { UInt32($0) }.reduce(0) { $0 << 8 | $1 }
        return any + [[address], [0], [0, 0, 0xFFFF, address], [0, 0, 0xFFFF, 0]]
    }

    /// The table prints the words of an address as numbers of the host, though they are in network order.
    private static func words(_ text: Substring) -> [UInt32]? {
        guard text.utf8.count == 8 || text.utf8.count == 32 else { return nil }
        var words: [UInt32] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            words.append(UInt32(bigEndian: word))
            rest = rest.dropFirst(8)
        }
        return words
    }
}
