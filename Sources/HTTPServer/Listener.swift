import PKI
public import POSIX
import Synchronization

/// Where a reactor listens.
public enum Endpoint: Sendable {
    /// A numeric address; port 0 is any free one.
    case tcp(host: String, port: UInt16)
    /// A Unix socket, made under its name only when owner and mode are set. It may take the path of an earlier one.
    case unix(path: String, mode: FileMode = 0o600, group: GroupID? = nil, insteadOf: FileStatus? = nil)
}

/// Names a listener of one reactor.
public struct ListenerID: Hashable, Sendable {
    let number: Int
}

/// A listener that was opened.
public struct Listening: Sendable {
    public let id: ListenerID
    /// The port that was bound; nil for a Unix socket.
    public let port: UInt16?
}

/// An open listening socket.
final class Listener: Sendable {
    let id: ListenerID
    let socket: Socket
    let port: UInt16?
    let secureContext: TLSServerContext?

    private static let numbers = Atomic(0)

    init(_ endpoint: Endpoint, _ secureContext: TLSServerContext?) throws(SystemError) {
        switch endpoint {
        case .tcp(let host, let port): socket = try Socket.listen(host: host, port: port)
        case .unix(let path, let mode, let group, let predecessor):
            socket = try Socket.listen(path: path, mode: mode, group: group, insteadOf: predecessor)
        }
        port = try socket.localPort()
        id = ListenerID(number: Self.numbers.add(1, ordering: .relaxed).newValue)
        self.secureContext = secureContext
    }
}

/// A listener at work in the reactor.
final class ListenerPost {
    let token: Poller.Token
    let listener: Listener
    /// What the next connections get.
    var secureContext: TLSServerContext?

    init(_ token: Poller.Token, _ listener: Listener) {
        self.token = token
        self.listener = listener
        secureContext = listener.secureContext
    }
}
