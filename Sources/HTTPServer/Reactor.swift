public import POSIX
public import PKI

/// A server: one thread that waits for all its connections at once and answers their requests through a handler.
///
/// This is its handle, which any thread may use; what the thread owns exists only while `run` does.
public final class Reactor: Sendable {
    private let limits: ServerLimits
    private let handler: any RequestHandler
    private let mailbox: Mailbox

    /// Beats at least every `ServerLimits.longestRest` while the reactor is alive, idle or not.
    public let heartbeat: Heartbeat

    /// A reactor that does not run yet. It may listen already: the kernel keeps who connects.
    public init(
        limits: ServerLimits = ServerLimits(), handler: any RequestHandler, heartbeat: Heartbeat = Heartbeat()
    ) throws(SystemError) {
        self.limits = limits
        self.heartbeat = heartbeat
        self.handler = handler
        mailbox = try Mailbox()
    }

    /// Opens a listener, now and on the calling thread, so that what fails is known here. With a `secureContext`
    /// it speaks TLS only.
    public func listen(
        _ endpoint: Endpoint, secureContext: TLSServerContext? = nil
    ) throws(SystemError) -> Listening {
        let listener = try Listener(endpoint, secureContext)
        mailbox.post(.listen(listener))
        return Listening(id: listener.id, port: listener.port)
    }

    /// Closes a listener and the connections that came in there: those that are owed an answer when they have it.
    public func close(_ id: ListenerID) {
        mailbox.post(.close(id))
    }

    /// Gives new connections of a listener another identity.
    public func secure(_ id: ListenerID, with context: TLSServerContext) {
        mailbox.post(.secure(id, context))
    }

    /// Runs `work` on the reactor's thread once `delay` is over, or never if it stops before.
    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) {
        mailbox.post(.schedule(at: Clock.boottime() + delay, work))
    }

    /// Closes listeners and idle connections at once, the others when they are answered, all when `grace` is over;
    /// then `run` returns.
    public func stop(grace: Duration = .seconds(5)) {
        mailbox.post(.stop(deadline: Clock.boottime() + grace))
    }

    /// Serves on the calling thread until `stop`. Once in the life of a reactor.
    public func run() throws(SystemError) {
        var loop = try EventLoop(limits, handler, mailbox)
        while !loop.isFinished {
            heartbeat.beat()
            try loop.turn()
        }
    }
}
