import HTTPServer
public import Lifecycle
public import Log
public import POSIX

/// The agent's API on loopback: status, metrics and requests for renewals, answered from snapshots on one thread.
public final class LocalAPIServer: Sendable {
    private let reactor: Reactor
    private let handler: APIHandler
    private let token: TokenFile
    private let socketAccess = SocketAccess()

    /// An API that neither listens nor runs yet. The token file at `tokenPath` is made when it is missing and the API
    /// listens; one that can't be used is told in the log and refuses changes, never reading. While the API is alive,
    /// `heartbeat` beats at least every `longestRest`.
    public init(
        board: any StatusBoard, commands: any CommandSink, progress: any Progress, tokenPath: String,
        version: String, log: Logger, heartbeat: Heartbeat = Heartbeat(), longestRest: Duration = .seconds(10)
    ) throws(SystemError) {
        token = TokenFile(path: tokenPath, log: log)
        let services = APIServices(
            board: board, commands: commands, progress: progress, version: version, log: log)
        var limits = ServerLimits()
        limits.longestRest = longestRest
        handler = try APIHandler(services, token: token, socketAccess: socketAccess)
        let reactor = try Reactor(limits: limits, handler: handler, heartbeat: heartbeat)
        handler.waiting.schedule { [weak reactor] delay, work in reactor?.schedule(after: delay, work) }
        self.reactor = reactor
    }

    /// A place where the API listens.
    public struct Listener: Sendable {
        public let port: UInt16
        fileprivate let id: ListenerID
    }

    /// Listens on a loopback address; any thread may call it, before or while the API runs. Any other address is
    /// refused: `EINVAL`.
    public func listen(host: String, port: UInt16) throws(SystemError) -> Listener {
        guard host == "::1" || HostGuard.isLoopback(host[...]) else {
            throw SystemError("bind", host, .invalid)
        }
        let listening = try reactor.listen(.tcp(host: host, port: port))
        // For whoever wants to read it before the first change, and to tell early what is wrong with it.
        _ = token.read()
        return Listener(port: listening.port ?? port, id: listening.id)
    }

    /// Listens there no more; connections that came in there are closed, with the answers that they wait for.
    public func close(_ listener: Listener) { reactor.close(listener.id) }

    /// The API's Unix socket.
    public struct LocalSocket: Sendable {
        public let path: String
        fileprivate let id: ListenerID
        /// What stands at the path.
        fileprivate let file: FileStatus?
    }

    /// Listens on a Unix socket that root, the agent's user and `group` may open; any thread may call it. `EEXIST` if
    /// something else is at the path, `EADDRINUSE` if somebody answers there. It may take the path of `predecessor`, in
    /// one step; that one is the caller's to close once it is replaced, and stays as it is if this fails.
    public func listen(
        socket path: String, group: GroupID?, insteadOf predecessor: LocalSocket? = nil
    ) throws(SystemError) -> LocalSocket {
        let mode: FileMode = group == nil ? 0o600 : 0o660
        let admitted = socketAccess.groups
        let next: Set<GroupID> = group.map { [$0] } ?? []
        // For whoever is quick, and whoever is still at the old one.
        socketAccess.admit(admitted.union(next))
        do throws(SystemError) {
            let listening = try reactor.listen(
                .unix(path: path, mode: mode, group: group, insteadOf: predecessor?.file))
            socketAccess.admit(next)
            // What can't be looked at is taken for gone, and bound anew.
            let file = (try? File.statusOfEntry(path)) ?? nil
            return LocalSocket(path: path, id: listening.id, file: file)
        } catch {
            socketAccess.admit(admitted)
            throw error
        }
    }

    /// Whether what stands at its path is still this socket: a client that goes there finds it.
    public func isInPlace(_ socket: LocalSocket) -> Bool {
        guard let file = socket.file, let now = try? File.statusOfEntry(socket.path) else { return false }
        return now.isSameFile(as: file)
    }

    /// Listens there no more, and takes the path away if it is still the socket's; connections that came in
    /// there are closed, with the answers that they wait for.
    public func close(_ socket: LocalSocket) {
        // While it listens its file is there, by whatever name: no other one can be mistaken for it. What can't be
        // looked at or removed is replaced by the next socket that is made there.
        if isInPlace(socket) { try? File.remove(socket.path) }
        reactor.close(socket.id)
    }

    /// Takes the token from another file from now on.
    public func useToken(at path: String) { token.move(to: path) }

    /// Serves on the calling thread until `stop`. Once in the life of a server.
    public func run() throws(SystemError) { try reactor.run() }

    /// Answers what is under way, then lets `run` return.
    public func stop() {
        handler.waiting.close()
        reactor.stop()
    }
}
