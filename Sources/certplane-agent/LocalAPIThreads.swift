import Agent
import Configuration
import Lifecycle
import LocalAPI
import Log
import POSIX

/// The `api` thread, and the one that has it listen where the configuration wants it.
struct LocalAPIThreads {
    private let server: LocalAPIServer
    private let serving: Worker
    private let binding: Worker
    private let wanted: WantedAPI
    let heartbeat: Heartbeat
    /// What hinders it from being reached.
    let trouble: Trouble

    /// Starts the API. With `api.listen: off` it listens nowhere, until another configuration says otherwise.
    static func start(
        agent: HostAgent, supervisor: Supervisor, longestRest: Duration, log: Logger
    ) throws(CommandFailure) -> LocalAPIThreads {
        do {
            let engine = agent.engine
            let heartbeat = Heartbeat()
            let trouble = Trouble(news: engine.news)
            let server = try LocalAPIServer(
                board: engine.status, commands: engine.commands,
                progress: LoopProgress(engine: engine.heartbeat, api: heartbeat),
                tokenPath: agent.api.settings.tokenPath, version: AgentVersion.text, log: log,
                heartbeat: heartbeat, longestRest: longestRest)
            let binder = APIBinder(server: server, wanted: agent.api, trouble: trouble, log: log)
            return LocalAPIThreads(
                server: server,
                serving: try supervisor.start("api") { () throws(CommandFailure) in
                    do throws(SystemError) { try server.run() } catch {
                        throw CommandFailure(code: .failure, message: "the local API has ended: \(error)")
                    }
                },
                binding: try Worker(name: "api-bind") { [binder] in
                    var binder = binder
                    binder.run()
                }, wanted: agent.api, heartbeat: heartbeat, trouble: trouble)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(
                code: .failure, message: "the local API can't be started: \(error)",
                advice: ["Turn the API off with 'api: {listen: off}'."])
        }
    }

    func stop() {
        wanted.close()
        binding.join()
        server.stop()
        serving.join()
    }
}

/// The progress of both loops by their heartbeats, the same that the watchdog is fed by.
private struct LoopProgress: Progress {
    let engine: Heartbeat
    let api: Heartbeat

    func rests() -> (engine: Int64, api: Int64) {
        let now = Clock.nanoseconds()
        return (engine.age(at: now), api.age(at: now))
    }
}
