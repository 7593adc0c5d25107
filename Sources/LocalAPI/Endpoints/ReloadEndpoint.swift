import HTTP
import Lifecycle
import Log

/// `POST /v1/certificates/{name}/reload`: runs the reload command now, whether it is owed or not.
struct ReloadEndpoint: Endpoint {
    let board: any StatusBoard
    let commands: any CommandSink
    let accepted: AcceptedRenewals
    let log: Logger

    func reply(to call: APICall) throws(Problem) -> Answer {
        try JSONBody.requireNoMembers(in: call.request)
        let snapshot = board.current()
        let status = try snapshot.status(named: call.parameter("name"))
        guard status.reload.isConfigured else {
            throw Problem(.noReloadCommand, "The configuration has no reload_command for it.")
        }
        let (id, joined) = try commands.submit(.reload(status.name)).accepted()
        log.info(
            "reload requested",
            [
                "request": .string(call.id), "certificate": .string(status.name.text),
                "renewal": .string(id.text), "joined": .bool(joined),
            ] + call.asker)
        let record = accepted.add(id, status.name, .reload, reason: nil, to: snapshot)
        return PromisedRenewal(record, joined: joined, accepted: accepted, call).answer()
    }
}
