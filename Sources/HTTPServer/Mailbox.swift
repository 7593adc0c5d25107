import PKI
import POSIX

/// Which request of which connection an answer is for. A connection that has gone, or has gone on to another
/// request, has another ticket.
struct Ticket: Sendable {
    let token: Poller.Token
    let sequence: UInt32
}

/// What other threads tell the reactor.
enum Letter: Sendable {
    case delivery(Responder.Delivery, Ticket)
    case listen(Listener)
    case close(ListenerID)
    case secure(ListenerID, TLSServerContext)
    case schedule(at: Duration, @Sendable () -> Void)
    case stop(deadline: Duration)
}

/// Letters in the order they were posted, and the bell that wakes the reactor for them.
final class Mailbox: DeliverySink {
    let bell: Bell
    private let letters = Lock<[Letter]>([])

    init() throws(SystemError) {
        bell = try Bell()
    }

    func post(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        bell.ring()
    }

    /// All letters that have come; the box is empty after it.
    func empty() -> [Letter] {
        bell.hear()
        return letters.withLock { waiting in
            let all = waiting
            waiting = []
            return all
        }
    }

    func deliver(_ delivery: Responder.Delivery, to ticket: Ticket) {
        post(.delivery(delivery, ticket))
    }
}
