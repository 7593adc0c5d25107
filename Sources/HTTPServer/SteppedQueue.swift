import POSIX

/// Answers that are being made, in the order they were asked for: one is finished before the next is begun, so that
/// what is half made holds memory once.
struct SteppedQueue {
    private var waiting: [(ticket: Ticket, answer: any SteppedAnswer)] = []

    var isEmpty: Bool { waiting.isEmpty }
    var first: (ticket: Ticket, answer: any SteppedAnswer)? { waiting.first }

    mutating func append(_ answer: any SteppedAnswer, for ticket: Ticket) {
        waiting.append((ticket, answer))
    }

    mutating func removeFirst() { waiting.removeFirst() }

    /// Takes out the answer for a connection that has gone.
    mutating func remove(_ token: Poller.Token) {
        waiting.removeAll { $0.ticket.token == token }
    }
}
