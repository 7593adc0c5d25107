import HTTP
import HTTPServer
import Log
import POSIX

/// Answers every request of the local API: guards first, then the route table, then one endpoint.
final class APIHandler: RequestHandler {
    let routes: RouteTable
    /// Answers that wait for the engine.
    let waiting: WaitingRoom
    private let guards: RequestGuards
    private let requests: RequestCounters
    private let ids: RequestIDs
    private let log: Logger
    private let pauses = Lock(RepeatFilter(interval: .seconds(60)))

    /// What every answer carries besides its id.
    static let everywhere = PreparedFields([
        Field("Cache-Control", "no-store"), Field("X-Content-Type-Options", "nosniff"),
    ])

    init(_ services: APIServices, token: TokenFile, socketAccess: SocketAccess = SocketAccess())
        throws(SystemError)
    {
        log = services.log
        ids = try RequestIDs()
        waiting = WaitingRoom(board: services.board, now: services.uptime)
        (routes, requests) = RouteTable.api(services, run: ids.runName)
        guards = RequestGuards(peer: PeerGuard(access: socketAccess), token: TokenGuard(file: token))
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        let id = ids.next()
        var place = RequestCounters.Place.unmatched
        let answer: Answer
        do {
            answer = try self.answer(request, from: peer, id, responder.roomToWait, &place)
        } catch {
            answer = .now(error.response(instance: request.target.path))
        }
        switch consume answer {
        case .now(var response):
            finish(&response, to: request, id, place)
            return .now(response)
        case .stepwise(let answer):
            return .stepwise(finishing(answer, to: request, id, place))
        case .later(let pending):
            hold(pending, to: request, id, place, responder)
            return .later
        case .laterInReserve(let pending):
            hold(pending, to: request, id, place, responder)
            return .laterInReserve
        }
    }

    private func hold(
        _ pending: PendingAnswer, to request: Request, _ id: RequestID, _ place: Int, _ responder: Responder
    ) {
        waiting.admit(pending) { [weak self] due in
            guard let self else { return }
            switch due {
            case .whole(var response):
                finish(&response, to: request, id, place)
                responder.respond(response)
            case .stepwise(let answer):
                responder.respond(finishing(answer, to: request, id, place))
            }
        }
    }

    private func finishing(
        _ answer: any SteppedAnswer, to request: Request, _ id: RequestID, _ place: Int
    ) -> any SteppedAnswer {
        FinishedAnswer(answer: answer) { [self] in finish(&$0, to: request, id, place) }
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
        var response = problem.response(instance: nil)
        stamp(&response, id, nil)
        return response
    }

    func answered(_ exchange: AnsweredExchange, to request: Request?) {
        guard let request else {
            return requests.count(exchange, method: nil, at: RequestCounters.Place.unparsed)
        }
        // An answer of the server's own to a request that was complete has no tag.
        let place = exchange.tag ?? routes.match(request)?.number ?? RequestCounters.Place.unmatched
        requests.count(exchange, method: request.method.number, at: place)
    }

    func listenerPaused(_ error: SystemError) {
        let now = Clock.boottime()
        guard pauses.withLock({ $0.judge("\(error)", of: "listener", at: now) }) != .leaveOut else { return }
        log.warn("api can't accept connections for now", ["error": .string("\(error)")])
    }

    private func answer(
        _ request: Request, from peer: Peer, _ id: RequestID, _ room: RoomToWait, _ place: inout Int
    ) throws(Problem) -> Answer {
        let match = request.isForAll ? nil : routes.match(request)
        if let match { place = match.number }
        try guards.check(request, from: peer) { sentry, problem in
            log.debug(
                "api request refused",
                [
                    "request": .string(id.description), "guard": .string(sentry),
                    "problem": .string(problem.type.rawValue),
                ])
        }
        if request.isForAll { return .now(Self.options(routes.methods)) }
        guard let match else {
            if request.target.segments == nil {
                throw Problem(.malformedPath, "Percent-encoding must give UTF-8 without control characters.")
            }
            throw Problem(.notFound, "GET /openapi.json lists all paths.")
        }
        let route = routes.routes[match.number]
        let method = request.method
        guard let operation = route.operation(for: method) else {
            if method == .options { return .now(Self.options(route.methods)) }
            let methods = route.methods.joined(separator: ", ")
            throw Problem(.methodNotAllowed, "Allowed are \(methods).", fields: [Field("Allow", methods)])
        }
        let query = request.hasQuery ? try Self.query(of: request.target, for: operation) : [:]
        if let plain = operation.plain { return .now(try plain.answer()) }
        return try operation.endpoint.reply(
            to: APICall(
                request: request, peer: peer, requestID: id, roomToWait: room,
                parameters: match.parameters, query: query))
    }

    /// Tells the log, and stamps the answer.
    private func finish(
        _ response: inout Response, to request: Request, _ id: RequestID, _ place: Int
    ) {
        let status = response.status
        log.debug(
            "api request",
            [
                "request": .string(id.description), "method": .string(request.method.name),
                "path": .string(request.target.path), "status": .int(status.code),
            ])
        stamp(&response, id, place)
    }

    /// What every answer carries.
    private func stamp(_ response: inout Response, _ id: RequestID, _ place: Int?) {
        response.id = id
        if response.prepared.fields.isEmpty { response.prepared = Self.everywhere }
        response.tag = place
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
    let finish: @Sendable (inout Response) -> Void

    func step() -> Response? {
        guard var response = answer.step() else { return nil }
        finish(&response)
        return response
    }
}
