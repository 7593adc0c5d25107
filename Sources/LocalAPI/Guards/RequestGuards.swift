import HTTP
import HTTPServer

/// All guards in their order.
struct RequestGuards: Sendable {
    let host = HostGuard()
    let origin = OriginGuard()
    let peer: PeerGuard
    let token: TokenGuard

    /// Lets the request through, or hands what stopped it to `refused`. Each guard is called by its type, not through
    /// a box: they come before every answer.
    func check(
        _ request: Request, from client: Peer, refused: (_ sentry: String, Problem) -> Void
    ) throws(Problem) {
        try pass(host, request, client, refused)
        try pass(origin, request, client, refused)
        try pass(peer, request, client, refused)
        try pass(token, request, client, refused)
    }

    @inline(__always)
    private func pass(
        _ sentry: some RequestGuard, _ request: Request, _ client: Peer,
        _ refused: (_ sentry: String, Problem) -> Void
    ) throws(Problem) {
        do {
            try sentry.check(request, from: client)
        } catch {
            refused(sentry.name, error)
            throw error
        }
    }
}
