import Configuration
import LocalAPI
import Log
import POSIX

/// Has the local API listen on its Unix socket, and puts the socket back where somebody has taken it away. A socket is
/// given up only when its successor is bound.
struct SocketBinder {
    private let server: LocalAPIServer
    private let log: Logger
    private var bound: (socket: LocalAPIServer.LocalSocket, wish: Wish)?
    /// The wish that could not be met, as the log was told.
    private var failed: Wish?

    private struct Wish: Equatable, Sendable {
        var path: String
        var group: String?
    }

    init(server: LocalAPIServer, log: Logger) {
        self.server = server
        self.log = log
    }

    /// Something listens, whose place is to be looked at now and then.
    var isBound: Bool { bound != nil }

    /// Brings the socket in line with what is wanted; what hinders it, if something does.
    mutating func settle(_ settings: APISettings) -> String? {
        guard let path = settings.localSocketPath else {
            release()
            failed = nil
            return nil
        }
        let wish = Wish(path: path, group: settings.socketGroup)
        if let bound, bound.wish == wish, server.isInPlace(bound.socket) {
            failed = nil
            return nil
        }
        do throws(SystemError) {
            let group = try wish.group.map { name throws(SystemError) in try Self.groupID(name) }
            let socket = try server.listen(socket: wish.path, group: group, insteadOf: bound?.socket)
            let former = bound
            bound = (socket, wish)
            failed = nil
            tellBound(wish, insteadOf: former?.wish)
            if let former { server.close(former.socket) }
            return nil
        } catch {
            tell(error, wish)
            return "can't listen on \(wish.path), trying again"
        }
    }

    private func tellBound(_ wish: Wish, insteadOf former: Wish?) {
        var attributes: LogAttributes = ["socket": .string(wish.path)]
        attributes.append("group", wish.group.map { .string($0) })
        if wish == former {
            log.warn("local API's socket was taken away, and is put back", attributes)
            return
        }
        log.info("local API listening", attributes)
        guard let former, former.path != wish.path else { return }
        log.info("local API listens no more", ["socket": .string(former.path)])
    }

    /// Gives the socket up.
    mutating func release() {
        guard let old = bound else { return }
        server.close(old.socket)
        bound = nil
        log.info("local API listens no more", ["socket": .string(old.socket.path)])
    }

    private static func groupID(_ name: String) throws(SystemError) -> GroupID {
        guard let group = try Accounts.groupID(named: name) else {
            throw SystemError("getgrnam", name, .notFound)
        }
        return group
    }

    /// Each wish that can't be met is told once.
    private mutating func tell(_ error: SystemError, _ wish: Wish) {
        if failed == wish { return }
        failed = wish
        var attributes: LogAttributes = ["socket": .string(wish.path), "error": .string("\(error)")]
        attributes.append("group", wish.group.map { .string($0) })
        if let bound, bound.wish != wish { attributes.append("still_on", .string(bound.wish.path)) }
        attributes.append("advice", .string(Self.advice(error)))
        log.error("local API can't listen, trying every 10 s", attributes)
    }

    private static func advice(_ error: SystemError) -> String {
        switch (error.operation, error.errno) {
        case ("getgrnam", _): "There is no such group: make it, or correct api.socket_group."
        case (_, .exists): "Something else is at this path: choose another one in api.socket."
        case (_, .addressInUse):
            "Another process answers there: end it, or choose another path in api.socket."
        case ("chown", _): "The agent's user must be a member of api.socket_group."
        default: "See that the directory of api.socket is there and can be written. Renewals go on meanwhile."
        }
    }
}

extension APISettings {
    /// As configured, else in the directory that systemd has made for the service.
    var localSocketPath: String? {
        socketPath ?? RuntimeDirectory.path.map { "\($0)/agent.sock" }
    }
}

/// What systemd gives a service with `RuntimeDirectory=`, and what the shipped unit asks for.
enum RuntimeDirectory {
    static let standard = "/run/certplane"

    static var path: String? {
        Environment["RUNTIME_DIRECTORY"].flatMap { $0.split(separator: ":").first }.map(String.init)
    }
}
