public import HTTP
import POSIX
import Synchronization

/// Answers one request, once, from any thread; further answers are dropped, as is one whose client has gone. If
/// nobody answers and the last reference goes, the client gets 500: no request stays without an answer.
public final class Responder: Sendable {
    /// What can be done with a connection that waits.
    public enum Delivery: Sendable {
        case response(Response)
        /// Bytes as they are, for whoever plays a faulty server.
        case raw([UInt8], thenClose: Bool)
        /// The connection ends without an answer.
        case drop
        /// Nobody answered.
        case abandoned
    }

    /// There is room for one more request that waits. Without it `.later` is answered with 503 at once.
    public let mayWait: Bool
    private let sink: any DeliverySink
    private let ticket: Ticket
    private let isUsed = Atomic(false)

    init(_ sink: any DeliverySink, _ ticket: Ticket, mayWait: Bool) {
        self.sink = sink
        self.ticket = ticket
        self.mayWait = mayWait
    }

    /// A responder without a connection, for tests of a handler.
    public convenience init(mayWait: Bool = true, _ deliver: @escaping @Sendable (Delivery) -> Void) {
        self.init(ClosureSink(deliver: deliver), Ticket(token: .init(slot: 0), sequence: 0), mayWait: mayWait)
    }

    deinit {
        if use() { sink.deliver(.abandoned, to: ticket) }
    }

    /// Answers.
    public func respond(_ response: Response) {
        deliver(.response(response))
    }

    /// Sends `bytes` as they are instead of an answer.
    public func respondRaw(_ bytes: [UInt8], thenClose: Bool) {
        deliver(.raw(bytes, thenClose: thenClose))
    }

    /// Ends the connection without an answer.
    public func drop() {
        deliver(.drop)
    }

    /// The request is answered otherwise.
    func retire() {
        _ = use()
    }

    private func deliver(_ delivery: Delivery) {
        if use() { sink.deliver(delivery, to: ticket) }
    }

    /// True the first time only.
    private func use() -> Bool {
        !isUsed.exchange(true, ordering: .acquiringAndReleasing)
    }
}

/// Where answers from other threads go.
protocol DeliverySink: Sendable {
    func deliver(_ delivery: Responder.Delivery, to ticket: Ticket)
}

private struct ClosureSink: DeliverySink {
    let deliver: @Sendable (Responder.Delivery) -> Void

    func deliver(_ delivery: Responder.Delivery, to ticket: Ticket) {
        deliver(delivery)
    }
}
