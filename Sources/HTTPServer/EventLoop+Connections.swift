import HTTP
import PKI
import POSIX

extension EventLoop {
    /// Goes on with the TLS handshake; a client that fails it has heard why from TLS itself.
    mutating func handshake(_ connection: inout Connection) {
        switch connection.transport.handshake() {
        case .finished:
            do {
                connection.peer = connection.peer.showing(try connection.transport.peerCertificate())
            } catch {
                return close(&connection)
            }
            connection.stage = .open
            connection.phaseDeadline = now + limits.headTimeout
            handler.secured(connection.peer)
        case .wantsRead: connection.stage = .handshaking(.reading)
        case .wantsWrite: connection.stage = .handshaking(.writing)
        case .closed, .failed: close(&connection)
        }
    }

    /// Says that no more will come, and gives the client time to read the last answer: closing with unread input
    /// would reset the connection and take the answer with it (RFC 9112 section 9.6).
    mutating func beginLinger(_ connection: inout Connection) {
        connection.transport.endSending()
        connection.unread = []
        connection.stage = .lingering(remaining: limits.lingerBytes)
        connection.phaseDeadline = now + limits.lingerTimeout
        if connection.inputHasEnded { close(&connection) }
    }

    /// Drops what the client still sends.
    mutating func linger(_ connection: inout Connection, _ remaining: Int) {
        switch connection.transport.receive(into: &input) {
        case .bytes(let count):
            connection.stage = .lingering(remaining: remaining - count)
            if count >= remaining { close(&connection) }
        case .blocked: break
        case .ended, .failed: close(&connection)
        }
    }

    /// The connection is gone; answers that still come for it find nobody.
    mutating func close(_ connection: inout Connection) {
        guard case .connection = tenants[connection.token] else { return }
        // The descriptor leaves the poller when it closes with the connection; this only makes sure that nothing
        // of this turn comes back.
        try? poller.remove(connection.transport.socket.descriptor)
        tenants.remove(connection.token)
        connectionCount -= 1
        if connection.waiting?.isStepped == true { stepped.remove(connection.token) }
        if connection.waiting?.holdsPlace == true { waitingCount -= 1 }
        heldBytes -= connection.countedBytes
        outputBytes -= connection.countedOutput
        connection.waiting = nil
        connection.stage = .closed
    }

    /// A client that will send no more takes no place among those that wait. Closing and ending one's side look the
    /// same here, so it still gets its answer.
    mutating func giveWay(_ connection: inout Connection) {
        guard connection.waiting?.holdsPlace == true else { return }
        connection.waiting?.hasGivenWay = true
        waitingCount -= 1
    }

    /// Of those that match, the connection that is longest without a complete request gives way, told why if it
    /// had begun one; at last, those that wait for an answer of the handler's and have no place. Spared are those that
    /// have one, and the one whose answer is being made: it will be the next to have one. False if there is none.
    mutating func evictOldest(
        _ reason: RefusedRequest, where matches: (borrowing Connection) -> Bool = { _ in true }
    ) -> Bool {
        let beingMade = stepped.first?.ticket.token
        guard
            let oldest = oldest(where: {
                $0.waiting?.isStepped != false && $0.token != beingMade && matches($0)
            })
                ?? oldest(where: { $0.waiting?.hasGivenWay == true && matches($0) })
        else { return false }
        evict(&oldest.connection, reason)
        return true
    }

    private func oldest(where matches: (borrowing Connection) -> Bool) -> ConnectionPost? {
        var oldest: ConnectionPost?
        var completedAt = Duration.seconds(Int64.max)
        for case .connection(let post) in tenants.tenants
        where post.connection.completedAt < completedAt && matches(post.connection) {
            oldest = post
            completedAt = post.connection.completedAt
        }
        return oldest
    }

    private mutating func evict(_ connection: inout Connection, _ reason: RefusedRequest) {
        let waiting = connection.waiting
        if connection.isOpen, connection.output.isEmpty, waiting != nil || connection.parser.phase != .idle {
            refuse(reason, &connection, to: waiting?.request)
            var allowance = limits.outputTurn
            _ = connection.sendOutput(within: &allowance)
            connection.transport.endSending()
        }
        close(&connection)
    }

    /// Brings the limits of all, the poller's interest and the deadline in line with what the connection is at. No
    /// connection is borrowed while others are looked at: each of them may have to give way, also this one.
    mutating func settle(_ post: ConnectionPost) throws(SystemError) {
        if countBytes(&post.connection) { keepRequestsWithinLimit() }
        if countOutput(&post.connection) { keepOutputWithinLimit() }
        try watch(&post.connection)
        forgetSpentDeadlines()
    }

    private mutating func watch(_ connection: inout Connection) throws(SystemError) {
        if connection.isClosed { return }
        if !connection.unread.isEmpty { putOff(&connection) }
        let wanted = connection.wantedInterest(limits)
        if wanted != connection.interest {
            try poller.modify(connection.transport.socket.descriptor, connection.token, for: wanted)
            connection.interest = wanted
        }
        guard let deadline = connection.wantedDeadline(limits, now: now) else {
            connection.deadline = nil
            return
        }
        connection.deadline = deadline
        if let queued = connection.queuedDeadline, queued <= deadline { return }
        connection.queuedDeadline = deadline
        deadlines.insert(.tenant(connection.token), at: deadline)
    }

    /// Who has requests left and waits for nothing but its turn gets in line. Seldom: by itself, it costs the others
    /// nothing.
    @inline(never)
    private mutating func putOff(_ connection: inout Connection) {
        guard !connection.isDeferred, connection.givesWay(limits) else { return }
        connection.isDeferred = true
        deferred.append(connection.token)
    }

    /// Who connects and goes, again and again, leaves deadlines behind faster than they come up.
    private mutating func forgetSpentDeadlines() {
        guard deadlines.count > 4 * limits.connections + 64 else { return }
        let tenants = tenants
        deadlines.removeAll { deadline, timed in
            guard case .tenant(let token) = timed else { return false }
            switch tenants[token] {
            case .connection(let post): return post.connection.queuedDeadline != deadline
            case .listener: return false
            case nil: return true
            }
        }
    }

    /// Counts what the connection holds of requests; true if all together are over their limit by that.
    private mutating func countBytes(_ connection: inout Connection) -> Bool {
        if connection.isClosed { return false }
        let held = connection.heldBytes
        guard held != connection.countedBytes else { return false }
        heldBytes += held - connection.countedBytes
        connection.countedBytes = held
        return heldBytes > limits.requestBytes
    }

    /// Keeps what all incomplete requests hold together within its limit.
    private mutating func keepRequestsWithinLimit() {
        while heldBytes > limits.requestBytes, evictOldest(.tooManyBodyBytes, where: { $0.countedBytes > 0 })
        {}
    }
}
