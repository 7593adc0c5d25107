public import HTTP

/// What one reactor holds and how long it waits. The defaults are those of the local API.
public struct ServerLimits: Sendable {
    /// How much of one request is read.
    public var request = Limits()
    /// Open connections; one more evicts the connection that is longest without a complete request.
    public var connections = 256
    /// Connections that requests which wait for their answer may not take.
    public var reservedForImmediate = 16
    /// Requests that wait for a deferred answer; one more is answered with 503. Who has ended its side of the
    /// connection, or is gone, no longer counts.
    public var waitingRequests = 32
    /// Further ones, for what must get through while as many wait as may.
    public var waitingInReserve = 4
    /// Bytes of requests in progress of all connections together: incomplete, unread or waiting for their answer.
    public var requestBytes = 2 * 1024 * 1024
    /// Bytes that wait to be sent on one connection before no more of its requests are read.
    public var outputHighWater = 64 * 1024
    /// Bytes sent on one connection before others have their turn.
    public var outputTurn = 1024 * 1024
    /// Time spent on the requests of one connection before others have their turn, the last of them begun before it is
    /// over: how much work is in a request shows neither in its bytes nor in those of its answer.
    public var serviceTime = Duration.microseconds(250)
    /// Time spent in one turn on those who had their time and have more to ask; who asks anew doesn't wait for them.
    /// When those who ask anew take longer than this themselves, each further one gets a fifth of its time.
    public var busyTurn = Duration.milliseconds(2)
    /// Time spent in one turn on answers that are made step by step, the last step begun before it is over.
    public var stepTime = Duration.microseconds(500)
    /// Bytes that wait to be sent on all connections together; what many of them send counts once. Over it the
    /// connection that is slowest to read gives way.
    public var outputBytes = 2 * 1024 * 1024
    /// From the first byte of a request, or from the connection, to the end of its head.
    public var headTimeout = Duration.seconds(10)
    /// From the end of the head to the end of the body.
    public var bodyTimeout = Duration.seconds(30)
    /// Between two requests.
    public var idleTimeout = Duration.seconds(60)
    /// For the TLS handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// From the moment the client stops taking bytes until it has taken all that waited.
    public var sendTimeout = Duration.seconds(30)
    /// For the client to close after the last answer, while what it still sends is dropped.
    public var lingerTimeout = Duration.seconds(2)
    /// Bytes dropped while lingering.
    public var lingerBytes = 256 * 1024
    /// How long a listener rests after an accept that failed.
    public var acceptPause = Duration.milliseconds(100)
    /// Descriptors that are left to the rest of the process when none is left for one more connection: so many
    /// connections give way.
    public var sparedDescriptors = 32
    /// For how long no more connections are held then.
    public var shortage = Duration.seconds(1)

    /// The loop comes round at least this often, so that a standstill can be told from idleness.
    public var longestRest = Duration.seconds(10)

    public init() {}

    /// Requests that may wait at the same time.
    var waitingLimit: Int { max(0, min(waitingRequests, connections - reservedForImmediate)) }

    /// The same with the reserve.
    var waitingLimitInReserve: Int { max(0, min(waitingLimit + waitingInReserve, connections - 1)) }

    func roomToWait(_ waiting: Int) -> RoomToWait {
        if waiting < waitingLimit { return .free }
        return waiting < waitingLimitInReserve ? .inReserve : .none
    }
}
