import Configuration
import POSIX
import Transfer

/// One way to the running agent.
enum AgentWay: Equatable {
    case socket(path: String)
    case port(host: String, port: UInt16)

    var endpoint: LocalRequest.Endpoint {
        switch self {
        case .socket(let path): .unixSocket(path: path)
        case .port("::1", let port): .loopbackIPv6(port: port)
        case .port(let host, let port): .loopbackIPv4(address: host, port: port)
        }
    }

    var name: String {
        switch self {
        case .socket(let path): path
        case .port(let host, let port): "\(ListenAddress.loopback(host: host, port: port))"
        }
    }
}

/// Where the agent of a configuration may be reached, the best way first.
struct AgentWays {
    let ways: [AgentWay]
    /// The token for changes over TCP is here.
    let tokenPath: String?
    /// Who may answer besides root and this user: whoever the state directory belongs to.
    let agentUser: UserID?

    init(_ reach: AgentReach) {
        var ways = Self.sockets(reach.api.socketPath)
        if case .loopback(let host, let port) = reach.api.listen, port != 0 {
            ways.append(.port(host: host, port: port))
        }
        self.ways = ways
        tokenPath = reach.api.tokenPath
        // A directory that can't be looked at tells nothing of its owner.
        agentUser = (try? File.status(reach.stateDirectory))?.owner
    }

    private init(ways: [AgentWay]) {
        self.ways = ways
        tokenPath = nil
        agentUser = nil
    }

    /// For a configuration that can't be read: where a service's socket is by default.
    static let standard = AgentWays(ways: sockets(nil))

    private static func sockets(_ configured: String?) -> [AgentWay] {
        if let configured { return [.socket(path: configured)] }
        var paths = [RuntimeDirectory.path, RuntimeDirectory.standard].compactMap {
            $0.map { "\($0)/agent.sock" }
        }
        if paths.count == 2, paths[0] == paths[1] { paths.removeLast() }
        return paths.map { .socket(path: $0) }
    }

    /// The first way on which somebody answers who may.
    ///
    /// - Throws: code `agentNotReachable`, with what stood in each way.
    func open() throws(CommandFailure) -> AgentWay {
        var obstacles: [String] = []
        for way in ways {
            guard let obstacle = obstacle(on: way) else { return way }
            obstacles.append("\(way.name): \(obstacle)")
        }
        throw CommandFailure(
            code: .agentNotReachable, message: "the agent can't be reached",
            advice: obstacles + [
                "See that it runs ('systemctl status certplane-agent'), and that -c names its configuration."
            ])
    }

    /// What keeps the first socket from being reached; nil if nothing does, or none is named.
    func obstacleAtSocket() -> String? {
        guard case .socket(let path)? = ways.first else { return nil }
        return obstacle(on: .socket(path: path)).map { "\(path): \($0)" }
    }

    private func obstacle(on way: AgentWay) -> String? {
        do throws(SystemError) {
            switch way {
            case .socket(let path):
                _ = try Socket.connect(path: path)
                return nil
            case .port(let host, let port):
                let owners = try ListenerOwner.all(host: host, port: port)
                if owners.isEmpty { return "nobody listens" }
                guard let stranger = owners.first(where: { !isTrusted($0) }) else { return nil }
                return "user \(stranger) listens there, who is not the agent's user; nothing was sent"
            }
        } catch {
            switch error.errno {
            case .notFound: return "there is no such socket"
            case .connectionRefused: return "nobody listens"
            case .permissionDenied, .notPermitted:
                return "this user may not connect; root and the members of api.socket_group may"
            default: return "\(error)"
            }
        }
    }

    private func isTrusted(_ user: UserID) -> Bool {
        user == 0 || user == ProcessFacts.userID || user == agentUser
    }
}
