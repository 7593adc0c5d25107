import HTTP
import POSIX

/// A connection at work in the reactor. All that changes is in one value, which is borrowed whole for as long as an
/// event is served: an access to each property by itself would be checked for exclusivity each time.
final class ConnectionPost {
    var connection: Connection

    init(_ connection: consuming Connection) { self.connection = connection }
}

/// One client and what the reactor knows of it. It holds memory only for what is incomplete: a request that has
/// not all come, an answer that has not all gone.
struct Connection: ~Copyable {
    enum Stage {
        case handshaking(Poller.Interest)
        case open
        /// The last answer is sent; what the client still sends is dropped, up to so many bytes.
        case lingering(remaining: Int)
        case closed
    }

    /// A request whose answer comes later.
    struct Waiting {
        let request: Request
        /// The reactor itself makes the answer.
        let isStepped: Bool
        /// The client will send no more: it may be gone, or only wait. It gets its answer, as long as there is a
        /// connection to spare, but takes no place from others who wait.
        var hasGivenWay = false

        /// Counts among those that wait.
        var holdsPlace: Bool { !isStepped && !hasGivenWay }
    }

    let token: Poller.Token
    /// Where it came in.
    let listener: ListenerID
    var transport: Transport
    var peer: Peer
    var stage: Stage
    var parser: RequestParser
    /// Input that came before it could be read.
    var unread: [UInt8] = []
    var output = OutputBuffer()
    /// What the transport waits for to send on.
    var sendsWhen = Poller.Interest.writing
    var waiting: Waiting?
    /// It has given way with requests left to read, and its turn comes again.
    var isDeferred = false
    /// Counts requests; an answer for an earlier one is dropped.
    var sequence: UInt32 = 0
    var closesAfterOutput = false
    /// Its listener has gone: the answer that it waits for is the last.
    var hasLostListener = false
    var inputHasEnded = false
    /// What the poller watches for.
    var interest = Poller.Interest.reading

    /// The last complete request, or the beginning.
    var completedAt: Duration
    /// The first byte of the present request, in nanoseconds of the boottime clock.
    var startedAt: Int64
    /// What the parser was in when `phaseDeadline` was set.
    var timedPhase = RequestParser.Phase.idle
    var phaseDeadline: Duration
    var sendDeadline: Duration?
    /// The deadline that counts now, and the earliest one in the queue.
    var deadline: Duration?
    var queuedDeadline: Duration?
    /// Bytes the reactor has counted for this connection: of requests, and of answers.
    var countedBytes = 0
    var countedOutput = 0

    init(
        _ token: Poller.Token, from listener: ListenerID, _ transport: consuming Transport, _ peer: Peer,
        _ limits: ServerLimits, now: Duration
    ) {
        self.token = token
        self.listener = listener
        self.transport = transport
        self.peer = peer
        stage = peer.isSecure ? .handshaking(.reading) : .open
        parser = RequestParser(limits: limits.request)
        completedAt = now
        startedAt = Clock.nanoseconds()
        phaseDeadline = now + (peer.isSecure ? limits.handshakeTimeout : limits.headTimeout)
    }

    var isOpen: Bool {
        if case .open = stage { true } else { false }
    }

    var isClosed: Bool {
        if case .closed = stage { true } else { false }
    }

    /// Nothing has begun and nothing is owed.
    var isIdle: Bool {
        waiting == nil && output.isEmpty && unread.isEmpty && parser.phase == .idle
    }

    /// The next request may be read: answers go out in order and do not pile up.
    func mayRead(_ limits: ServerLimits) -> Bool {
        isOpen && waiting == nil && !closesAfterOutput && output.count < limits.outputHighWater
    }

    /// More input is wanted from the transport.
    func awaitsInput(_ limits: ServerLimits) -> Bool {
        mayRead(limits) && unread.isEmpty && !inputHasEnded
    }

    /// Bytes of requests that are not complete, not yet read or not yet answered.
    var heldBytes: Int { parser.heldBytes + unread.count + (waiting?.request.body.count ?? 0) }

    /// There are requests to read in what has come already.
    func mayReadOn(_ limits: ServerLimits) -> Bool {
        !unread.isEmpty && mayRead(limits)
    }

    /// It waits for nothing but its turn.
    func givesWay(_ limits: ServerLimits) -> Bool {
        mayReadOn(limits) && output.isEmpty
    }

    mutating func sendOutput(within allowance: inout Int) -> OutputBuffer.Flush {
        output.flush(&transport, within: &allowance)
    }

    /// What the poller should watch for.
    func wantedInterest(_ limits: ServerLimits) -> Poller.Interest {
        switch stage {
        case .handshaking(let interest): return interest
        case .lingering: return .reading
        case .closed: return []
        case .open:
            var interest: Poller.Interest = output.isEmpty ? [] : sendsWhen
            if awaitsInput(limits) { interest.insert(.reading) }
            if waiting?.holdsPlace == true { interest.insert(.closing) }
            return interest
        }
    }

    /// The deadline that counts for what the connection is at; nil while it waits for the handler.
    mutating func wantedDeadline(_ limits: ServerLimits, now: Duration) -> Duration? {
        guard isOpen else { return phaseDeadline }
        guard output.isEmpty else {
            let deadline = sendDeadline ?? now + limits.sendTimeout
            sendDeadline = deadline
            return deadline
        }
        return waiting == nil ? phaseDeadline : nil
    }
}
