import HTTP
import HTTPServer
import Lifecycle
import Log

/// `POST /v1/reload`: has the configuration read again, and tells what came of it.
struct ConfigurationReloadEndpoint: Endpoint {
    /// A configuration is read in milliseconds; the engine may be in the middle of a look at many files.
    private static let patience = Duration.seconds(30)

    let commands: any CommandSink
    let log: Logger

    func reply(to call: APICall) throws(Problem) -> Answer {
        try JSONBody.requireNoMembers(in: call.request)
        // Asked first: a reload whose outcome nobody hears would be of no use to the client. Those who wait for renewals
        // don't keep an operator, or systemd, from it.
        guard call.roomToWait >= .inReserve else { throw Problem(RefusedRequest.tooManyWaitingRequests) }
        let (id, joined) = try commands.submit(.reloadConfiguration).accepted()
        log.info(
            "configuration reload requested",
            ["request": .string(call.id), "reload": .string(id.text), "joined": .bool(joined)] + call.asker)
        // No time at all would be no answer at all.
        let wait = Preference(call.request).flatMap { $0.seconds > 0 ? $0 : nil }
        let path = call.request.target.path
        let fields = wait.map { [$0.field] } ?? []
        return .laterInReserve(
            PendingAnswer(
                patience: wait?.duration ?? Self.patience,
                outcome: { snapshot in
                    guard let reload = snapshot.agent.configurationReloads.last(where: { $0.answers(to: id) })
                    else { return nil }
                    return .whole(Self.response(to: reload, fields, instance: path))
                },
                unfinished: { _ in
                    let problem = Problem(
                        .reloadSlow, "It will be read all the same. GET /v1/status shows when it was.",
                        fields: [.retryAfter(.seconds(10))] + fields)
                    return .whole(problem.response(instance: path))
                }))
    }

    private static func response(
        to reload: ConfigurationReload, _ fields: [Field], instance: String
    ) -> Response {
        switch reload.outcome {
        case .applied(let difference):
            return .json(.ok, fields: fields) { $0.members(of: difference, reload) }
        case .refused(let faults):
            var problem = Problem(
                .invalidConfiguration, "The configuration before it stays in force, whole.",
                errors: faults.map(\.sentence), fields: fields)
            problem.faults = faults
            return problem.response(instance: instance)
        }
    }
}

extension ConfigurationFault {
    /// In one line, for a person.
    fileprivate var sentence: String {
        let place = line > 0 ? "line \(line), column \(column): " : ""
        return place + (key.isEmpty ? "" : "\(key): ") + message + (hint.isEmpty ? "" : " (\(hint))")
    }
}
