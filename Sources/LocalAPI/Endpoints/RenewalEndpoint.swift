import HTTP
import Lifecycle

/// `GET /v1/renewals/{id}`: how far a renewal is, or how it ended. The newest 256 are known.
struct RenewalEndpoint: Endpoint {
    let board: any StatusBoard
    let accepted: AcceptedRenewals

    func answer(_ call: APICall) throws(Problem) -> Response {
        let id = RenewalID(call.parameter("id"))
        guard let record = accepted.find(id, in: board.current()) else {
            throw Problem(.unknownRenewal, "It never was, or it is too long ago.")
        }
        return .json(.ok) { $0.members(of: record) }
    }
}
