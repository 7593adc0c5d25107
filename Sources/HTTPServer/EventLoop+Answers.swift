import HTTP
import POSIX

extension EventLoop {
    /// Hands a complete request to the handler.
    mutating func answer(_ request: Request, _ connection: Connection) {
        connection.completedAt = now
        connection.timedPhase = .idle
        connection.sequence &+= 1
        let mayWait = waitingCount < limits.waitingLimit
        let ticket = Ticket(token: connection.token, sequence: connection.sequence)
        let responder = Responder(mailbox, ticket, mayWait: mayWait)
        switch handler.handle(request, from: connection.peer, responder) {
        case .now(let response):
            responder.retire()
            write(response, for: request, connection)
        case .later where mayWait:
            connection.waiting = Connection.Waiting(request: request)
            waitingCount += 1
        case .later:
            responder.retire()
            write(handler.refusal(.tooManyWaitingRequests, from: connection.peer), for: request, connection)
        }
    }

    /// Puts an answer behind those that wait to be sent. Without a request it answers something that was none.
    mutating func write(_ response: Response, for request: Request?, _ connection: Connection) {
        let keepsAlive = request?.keepsAlive == true && !response.closes && stopDeadline == nil
        let persistence: ResponseHead.Persistence =
            if !keepsAlive { .closes } else if request?.version == .http10 { .keepsAliveSaidSo } else {
                .keepsAlive
            }
        let date = self.date.value(at: Clock.wall().seconds)
        connection.output.append { ResponseHead.append(response, date: date, persistence, to: &$0) }
        if request?.method != .head, !response.status.forbidsBody { connection.output.append(response.body) }
        if !keepsAlive { connection.closesAfterOutput = true }
        handler.answered(
            AnsweredExchange(
                request: request, peer: connection.peer, status: response.status,
                bodyBytes: response.body.count, duration: Clock.boottime() - connection.startedAt))
    }

    /// Starts the deadline of what the parser has come to, if it was not there before.
    mutating func timePhase(_ connection: Connection) {
        let phase = connection.parser.phase
        if phase != connection.timedPhase || phase == .idle { restartPhase(connection) }
    }

    /// Starts the deadline of what the parser is at.
    mutating func restartPhase(_ connection: Connection) {
        connection.timedPhase = connection.parser.phase
        switch connection.timedPhase {
        case .idle, .refused: connection.phaseDeadline = now + limits.idleTimeout
        case .head: connection.phaseDeadline = now + limits.headTimeout
        case .body: connection.phaseDeadline = now + limits.bodyTimeout
        }
    }
}
