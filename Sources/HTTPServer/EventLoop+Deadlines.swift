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
                case .connection(let post): try fire(post, deadline)
                case nil: break
                }
            }
        }
    }

    /// An entry may be older than what it was made for: then the deadline has moved or gone.
    private mutating func fire(_ post: ConnectionPost, _ deadline: Duration) throws(SystemError) {
        guard post.connection.queuedDeadline == deadline else { return }
        post.connection.queuedDeadline = nil
        if let current = post.connection.deadline, current <= now { expire(&post.connection) }
        try settle(post)
    }

    /// Who has begun a request hears why it ends here; the others just go.
    private mutating func expire(_ connection: inout Connection) {
        guard case .open = connection.stage, connection.output.isEmpty else { return close(&connection) }
        switch connection.parser.phase {
        case .head: refuse(.headTimedOut, &connection)
        case .body: refuse(.bodyTimedOut, &connection)
        case .idle, .refused: return close(&connection)
        }
        serve(&connection)
    }
}
