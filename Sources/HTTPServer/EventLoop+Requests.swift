import HTTP
import POSIX

extension EventLoop {
    /// Receives once; level-triggered polling brings the rest.
    mutating func receive(_ connection: inout Connection) {
        switch connection.transport.receive(into: &input) {
        case .bytes(let count):
            var received: [UInt8] = []
            swap(&received, &input)
            read(received[..<count], &connection)
            swap(&received, &input)
        case .blocked: break
        case .ended:
            // A client may end its side and still wait for answers that are owed.
            connection.inputHasEnded = true
            if connection.waiting == nil, connection.output.isEmpty { close(&connection) }
        case .failed: close(&connection)
        }
    }

    /// Sends what waits, and reads on in what had to wait for that, until neither can go on or others should have
    /// their turn.
    mutating func serve(_ connection: inout Connection) {
        var allowance = limits.outputTurn
        flush(&connection, within: &allowance)
        while connection.mayReadOn(limits), allowance > 0, answeredAt < serviceEnd {
            var unread: [UInt8] = []
            swap(&unread, &connection.unread)
            read(unread[...], &connection)
            flush(&connection, within: &allowance)
        }
        if connection.inputHasEnded, connection.isOpen, connection.waiting == nil, connection.output.isEmpty {
            close(&connection)
        }
    }

    /// Takes an answer that came later, if its request still waits.
    mutating func take(_ delivery: Responder.Delivery, for ticket: Ticket) throws(SystemError) {
        guard case .connection(let post) = tenants[ticket.token] else { return }
        take(delivery, ticket.sequence, &post.connection)
        try settle(post)
    }

    private mutating func take(
        _ delivery: Responder.Delivery, _ sequence: UInt32, _ connection: inout Connection
    ) {
        beginService()
        guard connection.sequence == sequence, let waiting = connection.waiting else { return }
        connection.waiting = nil
        if waiting.holdsPlace { waitingCount -= 1 }
        switch delivery {
        case .response(let response): write(response, for: waiting.request, &connection)
        case .stepwise(let answer):
            connection.waiting = Connection.Waiting(request: waiting.request, isStepped: true)
            return stepped.append(answer, for: Ticket(token: connection.token, sequence: sequence))
        case .abandoned:
            write(handler.refusal(.noAnswer, from: connection.peer), for: waiting.request, &connection)
        case .raw(let bytes, let thenClose):
            connection.output.append(bytes)
            if thenClose || !waiting.request.keepsAlive || connection.hasLostListener {
                connection.closesAfterOutput = true
            }
        case .drop: return close(&connection)
        }
        restartPhase(&connection)
        serve(&connection)
    }

    /// Refuses what cannot be read or has no room. The answer is the last on its connection.
    mutating func refuse(
        _ reason: RefusedRequest, _ connection: inout Connection, to request: Request? = nil
    ) {
        var response = handler.refusal(reason, from: connection.peer)
        response.closes = true
        write(response, for: request, &connection)
    }

    /// Sends what the transport takes, and no more than `allowance`. The last answer gone, the connection goes too.
    private mutating func flush(_ connection: inout Connection, within allowance: inout Int) {
        guard connection.isOpen else { return }
        switch connection.sendOutput(within: &allowance) {
        case .done:
            takeBackMemory(&connection.output)
            if connection.sendDeadline != nil { restartPhase(&connection) }
            connection.sendDeadline = nil
            if connection.closesAfterOutput { beginLinger(&connection) }
        case .blocked(let interest): connection.sendsWhen = interest
        case .broken: close(&connection)
        }
    }

    /// Whose answers are out holds no memory for others.
    private mutating func takeBackMemory(_ output: inout OutputBuffer) {
        if spareOutput.hasMemory { output = OutputBuffer() } else { swap(&output, &spareOutput) }
    }

    /// Reads requests in their order for as long as they can be answered and the connection has time; what is left
    /// waits in the connection.
    private mutating func read(_ bytes: ArraySlice<UInt8>, _ connection: inout Connection) {
        if connection.timedPhase == .idle { connection.startedAt = turnBeganAt }
        if connection.output.isEmpty { swap(&connection.output, &spareOutput) }
        connection.parser.borrow(&spareRequest)
        var rest = bytes
        while !rest.isEmpty, connection.mayRead(limits), answeredAt < serviceEnd {
            let (consumed, event) = connection.parser.read(rest)
            rest = rest.dropFirst(consumed)
            switch consume event {
            case .needsMore: break
            case .continueExpected: connection.output.append(ResponseHead.continueLine)
            case .request(let request):
                answer(request, &connection)
                connection.parser.recycle(request)
            case .refused(let reason): refuse(reason, &connection)
            }
        }
        connection.parser.returnMemory(to: &spareRequest)
        if connection.isOpen, !connection.closesAfterOutput { connection.unread = Array(rest) }
        timePhase(&connection)
    }
}
