import HTTP
import HTTPServer
import POSIX

/// Who may change things over the Unix socket, besides root and the agent's own user.
final class SocketAccess: Sendable {
    private let admitted = Lock<Set<GroupID>>([])

    /// Whoever is in one of them, and nobody else.
    func admit(_ groups: Set<GroupID>) { admitted.withLock { $0 = groups } }

    var groups: Set<GroupID> { admitted.withLock { $0 } }

    func includes(_ credentials: Socket.PeerCredentials) -> Bool {
        if credentials.user == 0 || credentials.user == ProcessFacts.userID { return true }
        let admitted = groups
        return admitted.contains(credentials.group) || credentials.groups.contains(where: admitted.contains)
    }
}

/// Stops other users of this host at the Unix socket. Its mode keeps them from connecting; this holds when somebody
/// has widened that, or has handed an open connection on to another.
struct PeerGuard: RequestGuard {
    let name = "peer"
    let access: SocketAccess

    func check(_ request: Request, from peer: Peer) throws(Problem) {
        guard peer.isLocalSocket, request.method.changes else { return }
        if let credentials = peer.credentials, access.includes(credentials) { return }
        throw Problem(
            .foreignUser, "Over the socket root, the agent's user and api.socket_group may change things.")
    }
}

extension Method {
    /// All but those that only read (RFC 9110 section 9.2.1).
    var changes: Bool {
        switch self {
        case .get, .head, .options: false
        default: true
        }
    }
}
