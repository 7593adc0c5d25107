import Agent
import Configuration
import LocalAPI
import Log
import POSIX

/// Has the local API listen where the configuration wants it, and goes on trying: a port that is taken never stops
/// renewals. An address is given up only when its successor is bound.
struct APIBinder {
    /// Between two tries, and between two looks at the place of the socket.
    private static let interval: Duration = .seconds(10)

    private let server: LocalAPIServer
    private let wanted: WantedAPI
    private let trouble: Trouble
    private let log: Logger
    private var wish: WantedAPI.Wish
    private var settings: APISettings { wish.settings }
    private var bound: Bound?
    /// The address that could not be bound, as the log was told.
    private var failed: ListenAddress?
    private var socket: SocketBinder

    private struct Bound: Sendable {
        /// As configured.
        let address: ListenAddress
        /// As it was bound, with the port that was free.
        let name: String
        let listener: LocalAPIServer.Listener
    }

    init(server: LocalAPIServer, wanted: WantedAPI, trouble: Trouble, log: Logger) {
        self.server = server
        self.trouble = trouble
        self.wanted = wanted
        self.log = log
        wish = wanted.wish
        socket = SocketBinder(server: server, log: log)
    }

    /// Runs until `wanted` is closed.
    mutating func run() {
        while true {
            let problems = [settle(), socket.settle(settings)].compactMap(\.self)
            trouble.set(problems.first)
            let comesBack = !problems.isEmpty || socket.isBound
            switch wanted.news(since: wish, until: comesBack ? Clock.boottime() + Self.interval : nil) {
            case .closed: return socket.release()
            case .none: continue
            case .wished(let next):
                if next.settings.tokenPath != settings.tokenPath {
                    server.useToken(at: next.settings.tokenPath)
                }
                wish = next
            }
        }
    }

    /// Brings what is bound in line with what is wanted; what hinders it, if something does.
    private mutating func settle() -> String? {
        guard case .loopback(let host, let port) = settings.listen else {
            release()
            return nil
        }
        if bound?.address == settings.listen { return nil }
        do throws(SystemError) {
            let listener = try server.listen(host: host, port: port)
            release()
            let name = "\(ListenAddress.loopback(host: host, port: listener.port))"
            bound = Bound(address: settings.listen, name: name, listener: listener)
            failed = nil
            log.info("local API listening", ["address": .string(name)])
            return nil
        } catch {
            tell(error)
            return "can't listen on \(settings.listen), trying again"
        }
    }

    private mutating func release() {
        guard let old = bound else { return }
        server.close(old.listener)
        bound = nil
        log.info("local API listens no more", ["address": .string(old.name)])
    }

    /// Each address that can't be bound is told once.
    private mutating func tell(_ error: SystemError) {
        if failed == settings.listen { return }
        failed = settings.listen
        log.error(
            "local API can't listen, trying every 10 s",
            [
                "address": .string("\(settings.listen)"), "error": .string("\(error)"),
                "advice": "Free the port, or choose another one in api.listen. Renewals go on meanwhile.",
            ])
    }
}
