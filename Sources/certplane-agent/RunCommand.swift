import Agent
import Configuration
import Lifecycle
import Log
import POSIX
import Transfer

/// `run`: starts in order (lock, engine, API), supervises, stops in reverse.
struct RunCommand {
    let configurationPath: String
    let once: Bool

    func run() throws(CommandFailure) {
        let loaded = try ConfigurationFile(path: configurationPath).loadForCommand()
        let log = Logger(loaded.settings.logging)
        let supervisor = try Supervisor()
        let notifier = ServiceNotifier()
        let start = StartExtension(notifier)
        let agent: HostAgent
        do {
            agent = try HostAgent(
                loaded, version: AgentVersion.text, log: log,
                longestSleep: LoopPace.rest(watchdog: notifier.watchdogInterval), advanced: start.advanced)
        } catch {
            throw CommandFailure(error)
        }
        log.info(
            "agent run started",
            [
                "version": .string(AgentVersion.text), "config": .string(loaded.path),
                "certificates": .int(loaded.settings.certificates.count), "once": .bool(once),
            ])

        let engine = try supervisor.start("engine") { () throws(CommandFailure) in
            do throws(StartFailure) { try agent.run(once: once) } catch { throw CommandFailure(error) }
        }
        let api: LocalAPIThreads?
        do throws(CommandFailure) {
            api =
                once
                ? nil
                : try LocalAPIThreads.start(
                    agent: agent, supervisor: supervisor,
                    longestRest: LoopPace.rest(watchdog: notifier.watchdogInterval), log: log)
        } catch {
            // It may be in the middle of an install already.
            agent.engine.stop()
            engine.join()
            throw error
        }
        var reporter = ServiceReporter(
            notifier, engine: agent.engine, api: api?.heartbeat,
            apiTrouble: api?.trouble ?? Trouble(news: agent.engine.news), log: log)
        let reason = supervisor.wait(news: agent.engine.news, turn: { reporter.tell() }) {
            // What comes of it goes to the log.
            _ = agent.engine.commands.submit(.reloadConfiguration)
        }
        reporter.tellStopping()
        log.info("agent stopping", ["reason": .string(reason)])
        agent.engine.stop()
        engine.join()
        api?.stop()

        if let failure = supervisor.failure { throw failure }
        log.info("agent run completed")
        if once { try Self.judge(agent.engine.status.current()) }
    }

    /// With `--once` the exit code tells whether everything is well.
    private static func judge(_ snapshot: Snapshot) throws(CommandFailure) {
        let bad = snapshot.certificates.filter { $0.state != .valid }
        guard !bad.isEmpty else { return }
        throw CommandFailure(
            code: .failure,
            message: "\(bad.count) of \(snapshot.certificates.count) certificates are not in order",
            advice: bad.map { status in
                let advice = status.advice ?? status.lastError?.failure.advice
                return "\(status.name): \(status.state.rawValue): \(status.why)"
                    + (advice.map { " \($0)" } ?? "")
            })
    }
}
