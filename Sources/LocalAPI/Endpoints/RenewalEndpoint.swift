import HTTP
import Lifecycle

/// `GET /v1/renewals/{id}`: how far a renewal, a reload or a batch is, or how it ended.
struct RenewalEndpoint: PromptEndpoint {
    let board: any StatusBoard
    let accepted: AcceptedRenewals

    func answer(_ call: APICall) throws(Problem) -> Response {
        let id = RenewalID(call.parameter("id"))
        let snapshot = board.current()
        if let record = accepted.find(id, in: snapshot) { return .json(.ok) { $0.members(of: record) } }
        if let batch = accepted.batch(id) {
            let course = BatchCourse(batch, in: snapshot)
            return .json(.ok) { $0.members(of: course) }
        }
        throw Problem(.unknownRenewal, "It never was, or it is too long ago.")
    }
}
