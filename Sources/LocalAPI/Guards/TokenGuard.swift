import HTTP
import HTTPServer

/// Stops other users of this host, and whatever can make requests but not read the token file, from changing
/// anything. Reading is open. The token counts in the Authorization field only: never in the path, query or body.
struct TokenGuard: RequestGuard {
    let name = "token"
    let file: TokenFile

    func check(_ request: Request, from peer: Peer) throws(Problem) {
        if !request.method.changes || peer.isLocalSocket { return }
        guard let offered = Self.bearer(request.values(.authorization)) else {
            throw Problem(
                .tokenRequired, "Send the content of the agent's token file as Authorization: Bearer.",
                fields: [Self.challenge("")])
        }
        switch file.read() {
        case .usable(let token) where token.matches(offered): return
        case .usable:
            throw Problem(
                .tokenRefused, "Read the token file again: the token may have changed.",
                fields: [Self.challenge(", error=\"invalid_token\"")])
        case .unusable:
            throw Problem(.tokenFileUnusable, "Changes are refused until it is in order. The log says why.")
        }
    }

    /// The credentials of one `Bearer` field (RFC 6750 section 2.1).
    private static func bearer(_ values: [String]) -> String? {
        guard let value = values.first, values.count == 1 else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    private static func challenge(_ error: String) -> Field {
        Field("WWW-Authenticate", "Bearer realm=\"certplane-agent\"\(error)")
    }
}
