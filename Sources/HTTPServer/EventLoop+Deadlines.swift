import HTTP
import POSIX

extension EventLoop {
    /// Fires what is due.
    mutating func fireDeadlines() throws(SystemError) {
        while let (deadline, timed) = deadlines.popDue(now) {
            switch timed {
            case .work(let work): work()
            case .tenant(let token):
                switch tenants[token] {
                case .listener(let post): try resume(post)
                case .connection(let connection): try fire(connection, deadline)
                case nil: break
                }
            }
        }
    }

    /// An entry may be older than what it was made for: then the deadline has moved or gone.
    private mutating func fire(_ connection: Connection, _ deadline: Duration) throws(SystemError) {
        guard connection.queuedDeadline == deadline else { return }
        connection.queuedDeadline = nil
        if let current = connection.deadline, current <= now {
            expire(connection)
        }
        try settle(connection)
    }

    /// Who has begun a request hears why it ends here; the others just go.
    private mutating func expire(_ connection: Connection) {
        guard case .open = connection.stage, connection.output.isEmpty else { return close(connection) }
        switch connection.parser.phase {
        case .head: refuse(.headTimedOut, connection)
        case .body: refuse(.bodyTimedOut, connection)
        case .idle, .refused: return close(connection)
        }
        flush(connection)
    }
}
