import HTTP
import HTTPServer

/// Answers every request of the local API.
struct APIHandler: RequestHandler {
    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        .now(Response(.notFound, text: "not found\n"))
    }
}
