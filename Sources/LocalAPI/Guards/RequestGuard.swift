import HTTP
import HTTPServer
import POSIX

/// Stands before all routes and stops one attack.
protocol RequestGuard: Sendable {
    /// For the log.
    var name: String { get }
    func check(_ request: Request, from peer: Peer) throws(Problem)
}

extension Peer {
    /// On the Unix socket the file system has decided who may connect.
    var isLocalSocket: Bool {
        if case .unix = address { true } else { false }
    }
}
