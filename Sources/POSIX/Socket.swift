import CPOSIX
import Glibc

/// A stream socket, TCP or Unix, listening or connected.
public struct Socket: ~Copyable, Sendable {
    public let descriptor: FileDescriptor

    public init(owning descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Listens on a numeric IPv4 or IPv6 address, without blocking; port 0 means any free one.
    ///
    /// - Parameters:
    ///   - backlog: Connections that wait to be accepted. The kernel drops what comes beyond, and the client tries again
    ///     only after a second.
    ///   - unsentLimit: Bytes that the kernel takes for a peer whose window is full (TCP_NOTSENT_LOWAT). Without it each
    ///     peer that reads nothing costs megabytes, and the time to copy them.
    public static func listen(
        host: String, port: UInt16, backlog: Int32 = 1024, unsentLimit: Int32 = 256 * 1024
    ) throws(SystemError) -> Socket {
        try requireNoZero(host, "listen")
        let address = "\(host):\(port)"
        let raw = try system("listen", address) { unsafe cposix_listen_tcp(host, port, backlog, unsentLimit) }
        return Socket(owning: FileDescriptor(owning: raw, path: address))
    }

    /// Connects, and waits until that is done; blocking.
    public static func connect(host: String, port: UInt16) throws(SystemError) -> Socket {
        try requireNoZero(host, "connect")
        let address = "\(host):\(port)"
        let raw = try system("connect", address) { unsafe cposix_connect_tcp(host, port) }
        return Socket(owning: FileDescriptor(owning: raw, path: address))
    }

    /// Connects to a Unix socket; blocking.
    public static func connect(path: String) throws(SystemError) -> Socket {
        try requireNoZero(path, "connect")
        let raw = try system("connect", path) { unsafe cposix_connect_unix(path, path.utf8.count, true) }
        return Socket(owning: FileDescriptor(owning: raw, path: path))
    }

    /// The port a TCP socket is bound to; nil for a Unix socket.
    public func localPort() throws(SystemError) -> UInt16? {
        let port = try system("getsockname") { cposix_local_port(descriptor.rawValue) }
        return port == 0 ? nil : UInt16(truncatingIfNeeded: port)
    }

    public struct PeerCredentials: Hashable, Sendable {
        public let process: Int32
        public let user: UserID
        public let group: GroupID
        /// Supplementary ones, when it connected.
        public let groups: [GroupID]

        public init(process: Int32, user: UserID, group: GroupID, groups: [GroupID] = []) {
            self.process = process
            self.user = user
            self.group = group
            self.groups = groups
        }
    }

    /// Who connected a Unix socket, by the kernel's word.
    public func peerCredentials() throws(SystemError) -> PeerCredentials {
        var found = cposix_credentials()
        try system("getsockopt") { unsafe cposix_peer_credentials(descriptor.rawValue, &found) }
        return PeerCredentials(
            process: found.process, user: found.user, group: found.group, groups: try peerGroups())
    }

    private func peerGroups() throws(SystemError) -> [GroupID] {
        var groups = [GroupID](repeating: 0, count: 32)
        while true {
            let room = groups.count
            let count = try system("getsockopt") {
                unsafe cposix_peer_groups(descriptor.rawValue, &groups, room)
            }
            if count <= room { return Array(groups.prefix(Int(count))) }
            groups = [GroupID](repeating: 0, count: Int(count))
        }
    }

    /// Small answers leave at once (TCP_NODELAY).
    public func setNoDelay() throws(SystemError) {
        try system("setsockopt") { cposix_set_no_delay(descriptor.rawValue) }
    }

    public func setBlocking(_ blocking: Bool) throws(SystemError) {
        try descriptor.setBlocking(blocking)
    }

    public enum Direction: Sendable {
        case receiving, sending, both
    }

    /// Ends a direction of the connection. Of one that the peer has ended already this does nothing.
    public func shutDown(_ direction: Direction) {
        let how =
            switch direction {
            case .receiving: SHUT_RD
            case .sending: SHUT_WR
            case .both: SHUT_RDWR
            }
        _ = Glibc.shutdown(descriptor.rawValue, Int32(how))
    }
}
