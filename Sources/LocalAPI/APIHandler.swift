import HTTP
import HTTPServer
import Log
import POSIX

/// Answers every request of the local API: guards first, then the route table, then one endpoint.
final class APIHandler: RequestHandler {
    let routes: RouteTable
    /// Answers that wait for the engine.
    let waiting: WaitingRoom
    private let guards: [any RequestGuard]
    private let requests: RequestCounters
    private let ids: RequestIDs
    private let log: Logger
    private let pauses = Lock(RepeatFilter(interval: .seconds(60)))

    init(_ services: APIServices, token: TokenFile, socketAccess: SocketAccess = SocketAccess())
        throws(SystemError)
    {
        log = services.log
        ids = try RequestIDs()
        requests = RequestCounters()
        waiting = WaitingRoom(board: services.board, now: services.uptime)
        routes = RouteTable.api(services, requests, run: ids.run)
        guards = [HostGuard(), OriginGuard(), PeerGuard(access: socketAccess), TokenGuard(file: token)]
        requests.begin(with: routes)
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        let id = ids.next()
        let answer: Answer
        do {
            answer = try self.answer(request, from: peer, id, mayWait: responder.mayWait)
        } catch {
            answer = .now(error.response(instance: request.target.path))
        }
        switch answer {
        case .now(let response): return .now(finish(response, to: request, id))
        case .later(let pending):
            waiting.admit(pending) { [weak self] response in
                responder.respond(self?.finish(response, to: request, id) ?? response)
            }
            return .later
        }
    }

    private func finish(_ response: Response, to request: Request, _ id: String) -> Response {
        log.debug(
            "api request",
            [
                "request": .string(id), "method": .string(request.method.name),
                "path": .string(request.target.path), "status": .int(response.status.code),
            ])
        return stamp(response, id)
    }

    func refusal(_ reason: RefusedRequest, from peer: Peer) -> Response {
        let id = ids.next()
        let problem = Problem(reason)
        log.debug(
            "api request refused",
            [
                "request": .string(id), "problem": .string(problem.type.rawValue),
                "error": .string(reason.title),
            ])
        return stamp(problem.response(instance: nil), id)
    }

    func answered(_ exchange: AnsweredExchange) {
        requests.count(exchange, route: routes.label(of: exchange.request))
    }

    func listenerPaused(_ error: SystemError) {
        let now = Clock.boottime()
        guard pauses.withLock({ $0.judge("\(error)", of: "listener", at: now) }) != .leaveOut else { return }
        log.warn("api can't accept connections for now", ["error": .string("\(error)")])
    }

    private func answer(
        _ request: Request, from peer: Peer, _ id: String, mayWait: Bool
    ) throws(Problem) -> Answer {
        try admit(request, from: peer, id)
        if request.target.isAsterisk { return .now(Self.options(routes.methods)) }
        guard let segments = request.target.segments else {
            throw Problem(.malformedPath, "Percent-encoding must give UTF-8 without control characters.")
        }
        guard let (route, parameters) = routes.match(segments) else {
            throw Problem(.notFound, "GET /openapi.json lists all paths.")
        }
        if request.method == .options { return .now(Self.options(route.methods)) }
        guard let operation = route.operation(for: request.method) else {
            let methods = route.methods.joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed are \(methods).", fields: [Field("Allow", methods)])
        }
        let query = try Self.query(of: request, for: operation)
        return try operation.endpoint.reply(
            to: APICall(
                request: request, peer: peer, id: id, mayWait: mayWait, parameters: parameters, query: query))
    }

    private func admit(_ request: Request, from peer: Peer, _ id: String) throws(Problem) {
        for sentry in guards {
            do {
                try sentry.check(request, from: peer)
            } catch {
                log.debug(
                    "api request refused",
                    [
                        "request": .string(id), "guard": .string(sentry.name),
                        "problem": .string(error.type.rawValue),
                    ])
                throw error
            }
        }
    }

    /// What every answer carries.
    private func stamp(_ response: Response, _ id: String) -> Response {
        var response = response
        response.fields += [
            Field("X-Request-Id", id), Field("Cache-Control", "no-store"),
            Field("X-Content-Type-Options", "nosniff"),
        ]
        return response
    }

    private static func options(_ methods: [String]) -> Response {
        Response(.noContent, fields: [Field("Allow", methods.joined(separator: ", "))])
    }

    private static func query(
        of request: Request, for operation: Operation
    ) throws(Problem) -> [String: String] {
        guard let items = request.target.queryItems else {
            throw Problem(.badQuery, "Percent-encoding must give UTF-8 without control characters.")
        }
        var query: [String: String] = [:]
        var errors: [String] = []
        for item in items {
            if !operation.query.contains(item.name) {
                errors.append("\(item.name.prefix(64)) is not known")
            } else if query.updateValue(item.value, forKey: item.name) != nil {
                errors.append("\(item.name) comes twice")
            }
        }
        if errors.isEmpty { return query }
        let known = operation.query.isEmpty ? "none" : operation.query.joined(separator: ", ")
        throw Problem(.badQuery, "Known here: \(known).", errors: errors)
    }
}
