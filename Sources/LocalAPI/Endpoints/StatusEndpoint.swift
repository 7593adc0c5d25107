import HTTP
import Lifecycle

/// `GET /v1/status`: everything, from one snapshot.
struct StatusEndpoint: Endpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot

    func reply(to call: APICall) throws(Problem) -> Answer {
        rendered.reply(.status, of: board.current()) {
            JSONWriter.status($0)
        } respond: {
            .json(.ok, .shared($0))
        }
    }
}
