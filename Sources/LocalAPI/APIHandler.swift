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

    /// What every answer carries besides its id.
    private static let everywhere = PreparedFields([
        Field("Cache-Control", "no-store"), Field("X-Content-Type-Options", "nosniff"),
    ])

    init(_ services: APIServices, token: TokenFile, socketAccess: SocketAccess = SocketAccess())
        throws(SystemError)
    {
        log = services.log
        ids = try RequestIDs()
        waiting = WaitingRoom(board: services.board, now: services.uptime)
        (routes, requests) = RouteTable.api(services, run: ids.runName)
        guards = [HostGuard(), OriginGuard(), PeerGuard(access: socketAccess), TokenGuard(file: token)]
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        let id = ids.next()
        var place = RequestCounters.Place.unmatched
        let answer: Answer
        do {
            answer = try self.answer(request, from: peer, id, mayWait: responder.mayWait, &place)
        } catch {
            answer = .now(error.response(instance: request.target.path))
        }
        switch answer {
        case .now(let response): return .now(finish(response, to: request, id, place))
        case .stepwise(let answer):
            return .stepwise(
                FinishedAnswer(answer: answer) { [self, place] in finish($0, to: request, id, place) })
        case .later(let pending):
            waiting.admit(pending) { [weak self, place] response in
                responder.respond(self?.finish(response, to: request, id, place) ?? response)
            }
            return .later
        }
    }

    func refusal(_ reason: RefusedRequest, from peer: Peer) -> Response {
        let id = ids.next()
        let problem = Problem(reason)
        log.debug(
            "api request refused",
            [
                "request": .string(id.description), "problem": .string(problem.type.rawValue),
                "error": .string(reason.title),
            ])
        return stamp(problem.response(instance: nil), id, nil)
    }

    func answered(_ exchange: AnsweredExchange) {
        // An answer of the server's own to a request that was complete has no tag.
        let place = exchange.request.flatMap { exchange.tag ?? routes.match($0.target)?.number }
        let other =
            exchange.request == nil ? RequestCounters.Place.unparsed : RequestCounters.Place.unmatched
        requests.count(exchange, at: place ?? other)
    }

    func listenerPaused(_ error: SystemError) {
        let now = Clock.boottime()
        guard pauses.withLock({ $0.judge("\(error)", of: "listener", at: now) }) != .leaveOut else { return }
        log.warn("api can't accept connections for now", ["error": .string("\(error)")])
    }

    private func answer(
        _ request: Request, from peer: Peer, _ id: RequestID, mayWait: Bool, _ place: inout Int
    ) throws(Problem) -> Answer {
        let target = request.target
        let match = target.isAsterisk ? nil : routes.match(target)
        if let match { place = match.number }
        try admit(request, from: peer, id)
        if target.isAsterisk { return .now(Self.options(routes.methods)) }
        guard let match else {
            if target.segments == nil {
                throw Problem(.malformedPath, "Percent-encoding must give UTF-8 without control characters.")
            }
            throw Problem(.notFound, "GET /openapi.json lists all paths.")
        }
        let route = match.route
        if request.method == .options { return .now(Self.options(route.methods)) }
        guard let operation = route.operation(for: request.method) else {
            let methods = route.methods.joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed are \(methods).", fields: [Field("Allow", methods)])
        }
        let query = target.hasQuery ? try Self.query(of: target, for: operation) : [:]
        return try operation.endpoint.reply(
            to: APICall(
                request: request, peer: peer, requestID: id, mayWait: mayWait,
                parameters: match.parameters, query: query))
    }

    private func admit(_ request: Request, from peer: Peer, _ id: RequestID) throws(Problem) {
        for sentry in guards {
            do {
                try sentry.check(request, from: peer)
            } catch {
                log.debug(
                    "api request refused",
                    [
                        "request": .string(id.description), "guard": .string(sentry.name),
                        "problem": .string(error.type.rawValue),
                    ])
                throw error
            }
        }
    }

    /// Tells the log, and stamps the answer.
    private func finish(
        _ response: Response, to request: Request, _ id: RequestID, _ place: Int
    ) -> Response {
        log.debug(
            "api request",
            [
                "request": .string(id.description), "method": .string(request.method.name),
                "path": .string(request.target.path), "status": .int(response.status.code),
            ])
        return stamp(response, id, place)
    }

    /// What every answer carries.
    private func stamp(_ response: consuming Response, _ id: RequestID, _ place: Int?) -> Response {
        response.id = id
        response.prepared = Self.everywhere
        response.tag = place
        return response
    }

    private static func options(_ methods: [String]) -> Response {
        Response(.noContent, fields: [Field("Allow", methods.joined(separator: ", "))])
    }

    private static func query(
        of target: Target, for operation: Operation
    ) throws(Problem) -> [String: String] {
        guard let items = target.queryItems else {
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

/// An answer that is made in steps, and gets what every answer carries when it is done.
private struct FinishedAnswer: SteppedAnswer {
    let answer: any SteppedAnswer
    let finish: @Sendable (Response) -> Response

    func step() -> Response? { answer.step().map(finish) }
}
