import HTTP
import HTTPServer
import Lifecycle
import Log
import POSIX

/// `POST /v1/certificates/{name}/renew`: asks the engine for a renewal now.
struct RenewEndpoint: Endpoint {
    let board: any StatusBoard
    let commands: any CommandSink
    let accepted: AcceptedRenewals
    let log: Logger

    func answer(_ call: APICall) throws(Problem) -> Response {
        let wish = try RenewBody.read(call.request)
        let snapshot = board.current()
        let name = try snapshot.status(named: call.parameter("name")).name
        switch commands.submit(.renew(name, wish)) {
        case .accepted(let id, let joined):
            tell(call, name, id, wish, joined: joined)
            let record = accepted.add(id, name, wish, to: snapshot)
            return .json(.accepted, fields: [Field("Location", "/v1/renewals/\(id)")]) {
                $0.object("renewal") {
                    $0.members(of: record)
                    $0.bool("joined", joined)
                }
            }
        case .unknownCertificate: throw .unknownCertificate
        case .overBudget(let wait):
            throw Problem(
                .overBudget, "Ask again later, or with over_budget if it has to be now.",
                fields: [.retryAfter(wait)])
        case .stopping:
            throw Problem(
                .stopping, "No new work is taken. Ask again when it runs.",
                fields: [.retryAfter(.seconds(10))])
        }
    }

    private func tell(
        _ call: APICall, _ name: CertificateName, _ id: RenewalID, _ wish: RenewRequest, joined: Bool
    ) {
        var attributes: LogAttributes = [
            "request": .string(call.id), "certificate": .string(name.text), "renewal": .string(id.text),
            "joined": .bool(joined),
            "over_budget": .bool(wish.overBudget),
        ]
        attributes.append("reason", wish.reason.map { .string($0) })
        attributes.append("uid", call.peer.credentials.map { .int(Int($0.user)) })
        attributes.append("pid", call.peer.credentials.map { .int(Int($0.process)) })
        log.info("renewal requested", attributes)
    }
}
