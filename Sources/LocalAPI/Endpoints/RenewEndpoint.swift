import HTTP
import Lifecycle
import Log

/// `POST /v1/certificates/{name}/renew`: asks the engine for a renewal now.
struct RenewEndpoint: Endpoint {
    let board: any StatusBoard
    let commands: any CommandSink
    let accepted: AcceptedRenewals
    let log: Logger

    func reply(to call: APICall) throws(Problem) -> Answer {
        let wish = try RenewBody.read(call.request)
        let snapshot = board.current()
        let name = try snapshot.status(named: call.parameter("name")).name
        let (id, joined) = try commands.submit(.renew(name, wish)).accepted()
        var attributes: LogAttributes = [
            "request": .string(call.id), "certificate": .string(name.text), "renewal": .string(id.text),
            "joined": .bool(joined), "over_budget": .bool(wish.overBudget),
        ]
        attributes.append("reason", wish.reason.map { .string($0) })
        log.info("renewal requested", attributes + call.asker)
        let record = accepted.add(id, name, .renewal, reason: wish.reason, to: snapshot)
        return PromisedRenewal(record, joined: joined, accepted: accepted, call).answer()
    }
}
