import HTTP
import POSIX

extension EventLoop {
    /// Hands a complete request to the handler.
    mutating func answer(_ request: Request, _ connection: inout Connection) {
        connection.completedAt = now
        connection.timedPhase = .idle
        connection.sequence &+= 1
        let room = limits.roomToWait(waitingCount)
        let ticket = Ticket(token: connection.token, sequence: connection.sequence)
        let responder = responder(for: ticket, room)
        switch handler.handle(request, from: connection.peer, responder) {
        case .now(let response):
            responder.retire()
            write(response, for: request, &connection)
        case .stepwise(let answer):
            responder.retire()
            // Begun only when it can go on: else each that waits would hold what has been made of it.
            if stepped.isEmpty, !isTurnBusy, let response = answer.step() {
                return write(response, for: request, &connection)
            }
            connection.waiting = Connection.Waiting(request: request, isStepped: true)
            stepped.append(answer, for: ticket)
        case .later where room == .free, .laterInReserve where room >= .inReserve:
            connection.waiting = Connection.Waiting(request: request, isStepped: false)
            waitingCount += 1
            // Who doesn't keep it has given the request up, and that is heard when the last reference goes.
            spareResponder = Responder(mailbox)
        case .later, .laterInReserve:
            responder.retire()
            write(handler.refusal(.tooManyWaitingRequests, from: connection.peer), for: request, &connection)
        }
    }

    /// The responder of the request before, if nobody kept it.
    private mutating func responder(for ticket: Ticket, _ room: RoomToWait) -> Responder {
        if isKnownUniquelyReferenced(&spareResponder) {
            spareResponder.renew(ticket, room)
        } else {
            spareResponder = Responder(mailbox, ticket, room)
        }
        return spareResponder
    }

    /// Goes on with the answer that is being made, and with those behind it, for a part of the turn.
    mutating func makeSteps() throws(SystemError) {
        guard !stepped.isEmpty else { return }
        let end = Clock.nanoseconds() &+ stepNanoseconds
        repeat {
            guard let (ticket, answer) = stepped.first else { return }
            guard let response = answer.step() else { continue }
            stepped.removeFirst()
            try take(.response(response), for: ticket)
        } while Clock.nanoseconds() < end
    }

    /// Puts an answer behind those that wait to be sent. Without a request it answers something that was none.
    mutating func write(_ response: Response, for request: Request?, _ connection: inout Connection) {
        let keepsAlive =
            request?.keepsAlive == true && !response.closes && stopDeadline == nil
            && !connection.hasLostListener
        let persistence: ResponseHead.Persistence =
            if !keepsAlive { .closes } else if request?.version == .http10 { .keepsAliveSaidSo } else {
                .keepsAlive
            }
        connection.output.append { head.append(response, persistence, to: &$0) }
        if request?.method != .head, !response.status.forbidsBody { connection.output.append(response.body) }
        if !keepsAlive { connection.closesAfterOutput = true }
        answeredAt = Clock.nanoseconds()
        handler.answered(
            AnsweredExchange(
                status: response.status, tag: response.tag, bodyBytes: response.body.count,
                nanoseconds: answeredAt &- connection.startedAt),
            to: request)
    }

    /// Starts the deadline of what the parser has come to, if it was not there before.
    mutating func timePhase(_ connection: inout Connection) {
        let phase = connection.parser.phase
        if phase != connection.timedPhase || phase == .idle { restartPhase(&connection) }
    }

    /// Starts the deadline of what the parser is at.
    mutating func restartPhase(_ connection: inout Connection) {
        connection.timedPhase = connection.parser.phase
        switch connection.timedPhase {
        case .idle, .refused: connection.phaseDeadline = now + limits.idleTimeout
        case .head: connection.phaseDeadline = now + limits.headTimeout
        case .body: connection.phaseDeadline = now + limits.bodyTimeout
        }
    }
}
