import HTTP
import Lifecycle

/// `GET /v1/status`: everything, from one snapshot.
struct StatusEndpoint: PromptEndpoint {
    let board: any StatusBoard
    let rendered: RenderedSnapshot

    func answer(_ call: APICall) throws(Problem) -> Response {
        let bytes = rendered.bytes(.status, of: board.current()) { JSONWriter.status($0) }
        return .json(.ok, .shared([bytes]))
    }
}
