public import HTTP
public import POSIX

/// Answers requests. All calls come from the reactor's thread, so nothing here may block: what needs time takes the
/// responder with it and returns `.later`.
public protocol RequestHandler: Sendable {
    /// Answers `request`, or keeps `responder` and returns `.later`.
    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply

    /// How a refusal is told to the client. The connection closes after it.
    func refusal(_ reason: RefusedRequest, from peer: Peer) -> Response

    /// Hears of every answer once it is handed to the connection: for access logs and counters.
    /// `request` is nil when it was refused before it was complete.
    func answered(_ exchange: AnsweredExchange, to request: Request?)

    /// Hears of every TLS handshake that came to its end.
    func secured(_ peer: Peer)

    /// Hears why a listener rests for a moment, or why idle connections gave way to one more.
    func listenerPaused(_ error: SystemError)
}

extension RequestHandler {
    /// Status and title as plain text.
    public func refusal(_ reason: RefusedRequest, from peer: Peer) -> Response {
        Response(reason.status, text: reason.title + "\n")
    }

    public func answered(_ exchange: AnsweredExchange, to request: Request?) {}

    public func secured(_ peer: Peer) {}

    public func listenerPaused(_ error: SystemError) {}
}

/// What a handler returns.
public enum Reply: Sendable {
    case now(Response)
    /// The responder answers, from any thread. Until then the connection reads no further request.
    case later
    /// The same, for what must get through while as many wait as may: a few have room beside them.
    case laterInReserve
    /// The reactor makes the answer step by step, and serves others between two steps.
    case stepwise(any SteppedAnswer)
}

/// An answer that takes longer to make than others should wait. All calls come from the reactor's thread.
public protocol SteppedAnswer: Sendable {
    /// Does a part of the work, of a millisecond or less; the answer once it is done.
    func step() -> Response?
}

/// One answer that was given.
public struct AnsweredExchange: Sendable {
    public let status: Status
    /// What the handler wrote on the answer.
    public let tag: Int?
    /// Bytes of the body that was sent or would have been sent without HEAD.
    public let bodyBytes: Int
    /// From the first byte of the request as the reactor saw it to the answer.
    public let nanoseconds: Int64
}
