import Agent
import Configuration
import Lifecycle
import LocalAPI
import Log
import POSIX

/// The `api` thread, and the one that goes on trying to bind its port: a port that is taken never stops renewals.
struct LocalAPIThreads {
    private static let retryInterval: Duration = .seconds(10)

    private let server: LocalAPIServer
    private let serving: Worker
    private let binding: Worker
    private let stopping: Bell
    let heartbeat: Heartbeat
    /// What hinders it from being reached.
    let trouble: Trouble

    /// Starts the API, unless the configuration turns it off.
    static func start(
        _ settings: APISettings, agent: HostAgent, supervisor: Supervisor, longestRest: Duration, log: Logger
    ) throws(CommandFailure) -> LocalAPIThreads? {
        guard case .loopback(let host, let port) = settings.listen else { return nil }
        do {
            let engine = agent.engine
            let heartbeat = Heartbeat()
            let trouble = Trouble(news: engine.news)
            let server = try LocalAPIServer(
                board: engine.status, commands: engine.commands,
                progress: LoopProgress(engine: engine.heartbeat, api: heartbeat),
                tokenPath: settings.tokenPath, version: AgentVersion.text, log: log, heartbeat: heartbeat,
                longestRest: longestRest)
            let stopping = try Bell()
            return LocalAPIThreads(
                server: server,
                serving: try supervisor.start("api") { () throws(CommandFailure) in
                    do throws(SystemError) { try server.run() } catch {
                        throw CommandFailure(code: .failure, message: "the local API has ended: \(error)")
                    }
                },
                binding: try Worker(name: "api-bind") {
                    bind(server, host: host, port: port, until: stopping, trouble, log: log)
                }, stopping: stopping, heartbeat: heartbeat, trouble: trouble)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(
                code: .failure, message: "the local API can't be started: \(error)",
                advice: ["Correct api.token_file, or turn the API off with 'api: {listen: off}'."])
        }
    }

    func stop() {
        stopping.ring()
        binding.join()
        server.stop()
        serving.join()
    }

    /// Tries until it succeeds or the bell rings. The first failure is logged, and the success after it.
    private static func bind(
        _ server: LocalAPIServer, host: String, port: UInt16, until stopping: Bell, _ trouble: Trouble,
        log: Logger
    ) {
        var hasFailed = false
        while true {
            do throws(SystemError) {
                let bound = try server.listen(host: host, port: port)
                let address = host.contains(":") ? "[\(host)]:\(bound)" : "\(host):\(bound)"
                log.info("local API listening", ["address": .string(address)])
                trouble.set(nil)
                return
            } catch {
                if !hasFailed {
                    log.error(
                        "local API can't listen, trying every 10 s",
                        [
                            "address": .string("\(host):\(port)"), "error": .string("\(error)"),
                            "advice":
                                "Free the port, or choose another one in api.listen. Renewals go on meanwhile.",
                        ])
                }
                hasFailed = true
                trouble.set("can't listen on \(host):\(port), trying again")
                if stopping.wait(until: Clock.boottime() + retryInterval) == .rung { return }
            }
        }
    }
}

/// The progress of both loops by their heartbeats, the same that the watchdog is fed by.
private struct LoopProgress: Progress {
    let engine: Heartbeat
    let api: Heartbeat

    var sinceEngineMoved: Duration { engine.age }
    var sinceAPIMoved: Duration { api.age }
}
