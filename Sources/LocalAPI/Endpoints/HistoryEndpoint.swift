import HTTP
import Lifecycle

/// `GET /v1/certificates/{name}/history`: what happened to a certificate since the agent's start, the newest first.
struct HistoryEndpoint: PromptEndpoint {
    let board: any StatusBoard

    func answer(_ call: APICall) throws(Problem) -> Response {
        let status = try board.current().status(named: call.parameter("name"))
        return .json(.ok) { $0.history(of: status) }
    }
}
