import HTTP
import HTTPServer

/// Stops DNS rebinding: a page whose own host name leads to 127.0.0.1 for a moment can make a browser ask us, but the
/// browser then says that name in Host. Only names that can't lead elsewhere are ours, and only with our port.
struct HostGuard: RequestGuard {
    let name = "host"

    func check(_ request: Request, from peer: Peer) throws(Problem) {
        if peer.isLocalSocket { return }
        guard let authority = request.authority, let port = peer.localPort,
            Self.isOurs(authority, port: port)
        else {
            throw Problem(
                .misdirectedHost, "Ask for localhost, [::1] or a 127.0.0.0/8 address with this port.")
        }
    }

    static func isOurs(_ authority: String, port: UInt16) -> Bool {
        let host: Substring
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard authority[authority.index(after: colon)...] == "\(port)" else { return false }
            host = authority[..<colon]
        } else {
            guard port == 80 else { return false }
            host = authority[...]
        }
        return host.lowercased() == "localhost" || host == "[::1]" || isLoopback(host)
    }

    /// Four decimal numbers without leading zeros, the first of them 127.
    static func isLoopback(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.first == "127" else { return false }
        return parts.allSatisfy { part in UInt8(part).map { "\($0)" == part } ?? false }
    }
}
