public import HTTP
import POSIX
import Synchronization

/// Answers one request, once, from any thread; further answers are dropped, as is one whose client has gone. If
/// nobody answers and the last reference goes, the client gets 500: no request stays without an answer.
public final class Responder: Sendable {
    /// What can be done with a connection that waits.
    public enum Delivery: Sendable {
        case response(Response)
        /// The reactor makes the answer.
        case stepwise(any SteppedAnswer)
        /// Bytes as they are, for whoever plays a faulty server.
        case raw([UInt8], thenClose: Bool)
        /// The connection ends without an answer.
        case drop
        /// Nobody answered.
        case abandoned
    }

    private let sink: any DeliverySink
    private let isUsed: Atomic<Bool>
    // The ticket. Written only while nobody else holds the responder.
    private let slot = Atomic<UInt32>(0)
    private let generation = Atomic<UInt32>(0)
    private let sequence = Atomic<UInt32>(0)
    private let room = Atomic(RoomToWait.free.rawValue)

    /// A responder that is used up, until `renew`.
    init(_ sink: any DeliverySink) {
        self.sink = sink
        isUsed = Atomic(true)
    }

    init(_ sink: any DeliverySink, _ ticket: Ticket, _ room: RoomToWait) {
        self.sink = sink
        isUsed = Atomic(true)
        renew(ticket, room)
    }

    /// Whether one more request may wait. Where it may not, `.later` is answered with 503 at once.
    public var roomToWait: RoomToWait { RoomToWait(rawValue: room.load(ordering: .relaxed)) ?? .none }

    /// There is room for one more request that waits.
    public var mayWait: Bool { roomToWait == .free }

    /// Answers another request from now on: only for who holds the one reference to a responder that is used up.
    func renew(_ ticket: Ticket, _ room: RoomToWait) {
        slot.store(ticket.token.slot, ordering: .relaxed)
        generation.store(ticket.token.generation, ordering: .relaxed)
        sequence.store(ticket.sequence, ordering: .relaxed)
        self.room.store(room.rawValue, ordering: .relaxed)
        isUsed.store(false, ordering: .releasing)
    }

    private var ticket: Ticket {
        let token = Poller.Token(
            slot: slot.load(ordering: .relaxed), generation: generation.load(ordering: .relaxed))
        return Ticket(token: token, sequence: sequence.load(ordering: .relaxed))
    }

    /// A responder without a connection, for tests of a handler.
    public convenience init(
        roomToWait: RoomToWait = .free, _ deliver: @escaping @Sendable (Delivery) -> Void
    ) {
        self.init(ClosureSink(deliver: deliver), Ticket(token: .init(slot: 0), sequence: 0), roomToWait)
    }

    deinit {
        if use() { sink.deliver(.abandoned, to: ticket) }
    }

    /// Answers.
    public func respond(_ response: Response) {
        deliver(.response(response))
    }

    /// Answers with what the reactor makes step by step.
    public func respond(_ answer: any SteppedAnswer) {
        deliver(.stepwise(answer))
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

/// Whether one more request may wait for its answer.
public enum RoomToWait: UInt8, Sendable, Comparable {
    case none
    /// Only one whose reply is `.laterInReserve`.
    case inReserve
    case free

    public static func < (left: RoomToWait, right: RoomToWait) -> Bool { left.rawValue < right.rawValue }
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
