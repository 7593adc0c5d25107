import HTTP
import Lifecycle

/// `GET /v1/renewals/{id}`: how far a renewal, a reload or a batch is, or how it ended.
struct RenewalEndpoint: Endpoint {
    let board: any StatusBoard
    let accepted: AcceptedRenewals

    func reply(to call: APICall) throws(Problem) -> Answer {
        let id = RenewalID(call.parameter("id"))
        let snapshot = board.current()
        if let batch = accepted.batch(id) {
            let index = accepted.index(of: snapshot)
            return .stepwise(BatchAnswer(batch, in: index) { _, slices in .json(.ok, .shared(slices)) })
        }
        if let record = accepted.find(id, in: snapshot) {
            return .now(.json(.ok) { $0.members(of: record) })
        }
        throw Problem(.unknownRenewal, "It never was, or it is too long ago.")
    }
}
