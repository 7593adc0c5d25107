import HTTP
import HTTPServer

/// Stops pages of other sites that a browser on this host has open: reading through CORS, `Origin: null` of a
/// sandboxed frame or a file, blind form posts, embedded images and scripts. Our own page has our own origin; programs
/// send neither field.
struct OriginGuard: RequestGuard {
    let name = "origin"

    private static let names = FieldNames([.origin, .secFetchSite])

    func check(_ request: Request, from peer: Peer) throws(Problem) {
        guard request.mayHave(Self.names) else { return }
        for origin in request.values(.origin) where !isOwn(origin, of: request) {
            throw Problem(.crossSite, "Origin names another site.")
        }
        for site in request.values(.secFetchSite) where site != "same-origin" && site != "none" {
            throw Problem(.crossSite, "Sec-Fetch-Site says that another site asks.")
        }
    }

    private func isOwn(_ origin: String, of request: Request) -> Bool {
        guard let authority = request.authority else { return false }
        return origin.lowercased() == "http://\(authority.lowercased())"
    }
}
