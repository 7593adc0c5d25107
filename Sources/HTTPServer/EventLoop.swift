import HTTP
import PKI
import POSIX

/// What the reactor's thread owns, and one turn of its loop: wait, take what came, fire what is due. The steps are
/// in the extensions: accepting, reading, answering, deadlines.
struct EventLoop: ~Copyable {
    enum Tenant {
        case listener(ListenerPost)
        case connection(ConnectionPost)
    }

    /// What a deadline is for.
    enum Timed {
        case tenant(Poller.Token)
        case work(@Sendable () -> Void)
    }

    let limits: ServerLimits
    let handler: any RequestHandler
    let mailbox: Mailbox
    var poller: Poller
    var tenants = SlotTable<Tenant>()
    var deadlines = DeadlineQueue<Timed>()
    var connectionCount = 0
    /// Connections that are held at most: fewer than usual while descriptors are scarce.
    var connectionLimit: Int
    var shortageEnd = Duration.zero
    var waitingCount = 0
    /// Bytes of requests in progress of all connections.
    var heldBytes = 0
    /// The boottime this turn began; all that happens in it happens then.
    var now = Clock.boottime()
    /// The same in nanoseconds.
    var turnBeganAt: Int64 = 0
    /// Who has given way to others, in the order in which they are served again.
    var deferred: [Poller.Token] = []
    /// When the last answer was made, and when the connection that is being served has had its time.
    var answeredAt: Int64 = 0
    var serviceEnd: Int64 = 0
    private let serviceNanoseconds: Int64
    private let busyNanoseconds: Int64
    let stepNanoseconds: Int64
    var date = DateField()
    var head = ResponseHead()
    /// Where input is received, for all connections in turn: a connection keeps only what is incomplete.
    var input = [UInt8](repeating: 0, count: 16 * 1024)
    /// The memory of whoever is being served: what is read of a request, and its answer.
    var spareRequest = RequestMemory()
    var spareOutput = OutputBuffer()
    /// The responder of the next request, if the one before left it alone.
    var spareResponder: Responder
    /// Answers that are made step by step, one after the other.
    var stepped = SteppedQueue()
    /// Bytes that wait to be sent, on each connection by itself.
    var outputBytes = 0
    var stopDeadline: Duration?
    private var events: [Poller.Event] = []

    init(_ limits: ServerLimits, _ handler: any RequestHandler, _ mailbox: Mailbox) throws(SystemError) {
        let poller = try Poller()
        try poller.add(mailbox.bell.descriptor, SlotTable<Tenant>.bell, for: .reading)
        self.poller = poller
        self.limits = limits
        connectionLimit = limits.connections
        serviceNanoseconds = Self.nanoseconds(limits.serviceTime)
        stepNanoseconds = Self.nanoseconds(limits.stepTime)
        busyNanoseconds = Self.nanoseconds(limits.busyTurn)
        self.handler = handler
        self.mailbox = mailbox
        spareResponder = Responder(mailbox)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Stopped, and nobody is owed anything or their time is up.
    var isFinished: Bool {
        guard let stopDeadline else { return false }
        return connectionCount == 0 || now >= stopDeadline
    }

    mutating func turn() throws(SystemError) {
        try poller.wait(until: nextDeadline, into: &events)
        turnBeganAt = Clock.nanoseconds()
        now = .nanoseconds(turnBeganAt)
        if let value = date.newValue(at: Clock.wall().seconds) { head.date = value }
        var turn: [Poller.Event] = []
        swap(&turn, &events)
        for event in turn {
            guard event.token != SlotTable<Tenant>.bell else {
                try readMail()
                continue
            }
            switch tenants[event.token] {
            case .listener(let post): try accept(post)
            case .connection(let post):
                take(event, &post.connection)
                try settle(post)
            case nil: break
            }
        }
        swap(&turn, &events)
        try fireDeadlines()
        try serveDeferred()
        try makeSteps()
    }

    /// When the loop has to come round although nobody asks for anything.
    private var nextDeadline: Duration {
        if !stepped.isEmpty || !deferred.isEmpty { return now }
        let rest = now + limits.longestRest
        let next = min(rest, deadlines.next ?? rest)
        return min(next, stopDeadline ?? next)
    }

    /// Gives a connection its time. It is reckoned from the last answer of any: nearly the present, and known already.
    mutating func beginService() {
        serviceEnd =
            max(turnBeganAt, answeredAt) &+ (isTurnBusy ? serviceNanoseconds / 5 : serviceNanoseconds)
    }

    /// Others have waited for the end of this turn for some time.
    var isTurnBusy: Bool { answeredAt &- turnBeganAt > busyNanoseconds }

    /// Serves those who have given way: some of them in each turn.
    private mutating func serveDeferred() throws(SystemError) {
        guard !deferred.isEmpty else { return }
        let end = max(turnBeganAt, answeredAt) &+ busyNanoseconds
        var queue: [Poller.Token] = []
        swap(&queue, &deferred)
        var served = 0
        while served < queue.count, answeredAt < end {
            if case .connection(let post) = tenants[queue[served]] {
                post.connection.isDeferred = false
                serviceEnd = max(turnBeganAt, answeredAt) &+ serviceNanoseconds
                serve(&post.connection)
                try settle(post)
            }
            served += 1
        }
        deferred.insert(contentsOf: queue[served...], at: 0)
    }

    private mutating func take(_ event: Poller.Event, _ connection: inout Connection) {
        beginService()
        switch connection.stage {
        case .handshaking: handshake(&connection)
        case .lingering(let remaining): linger(&connection, remaining)
        case .closed: return
        case .open:
            if event.isReadable, connection.awaitsInput(limits) {
                receive(&connection)
            } else if event.isBroken {
                return close(&connection)
            }
            if event.peerHasClosed { giveWay(&connection) }
            serve(&connection)
        }
    }

    private mutating func readMail() throws(SystemError) {
        for letter in mailbox.empty() {
            switch letter {
            case .delivery(let delivery, let ticket): try take(delivery, for: ticket)
            case .listen(let listener): try open(listener)
            case .close(let id): try close(id)
            case .secure(let id, let context): post(id)?.secureContext = context
            case .schedule(let deadline, let work): deadlines.insert(.work(work), at: deadline)
            case .stop(let deadline): try stop(deadline)
            }
        }
    }

    private mutating func stop(_ deadline: Duration) throws(SystemError) {
        stopDeadline = min(deadline, stopDeadline ?? deadline)
        for tenant in tenants.tenants {
            switch tenant {
            case .listener(let post): try close(post)
            case .connection(let post): if post.connection.isIdle { close(&post.connection) }
            }
        }
    }
}
