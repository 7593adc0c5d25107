import Lifecycle
import Log
import POSIX

/// Runs a reload command: in its own session, with bounded time and output, and never started in the middle of an
/// install.
struct ReloadCommand: Sendable {
    private let gate: ReloadGate
    private let log: Logger
    private let environment: ReloadEnvironment

    init(gate: ReloadGate, log: Logger, environment: [String: String] = Environment.all()) {
        self.gate = gate
        self.log = log
        self.environment = ReloadEnvironment(inheriting: environment)
    }

    /// Runs the plan's command to its end, its time-out or a ring of `stop`. Its words and its output go to
    /// the log only.
    ///
    /// `hold` is asked last of all, while no file changes any more: why the command may not be run, if so.
    func run(
        _ plan: ReloadPlan, stop: Bell? = nil, unless hold: () -> RenewalFailure? = { nil }
    ) -> ReloadOutcome {
        let run = LogAttributes.run(plan)
        switch report(of: plan, stop: stop, unless: hold) {
        case .held(let failure):
            return .failed(failure)
        case .unstarted(let error):
            return failed(.reloadFailed, "the command could not be started: \(error)", run)
        case .ended(let report):
            switch report.end {
            case .exited(0):
                log.info("reload completed", run + ["took": .duration(report.duration)] + .output(report))
                return .succeeded
            case .exited(let code):
                return failed(
                    .reloadFailed, "the command ended with exit code \(code)", run + .output(report))
            case .signalled(let signal):
                return failed(.reloadFailed, "the command was ended by \(signal)", run + .output(report))
            case .timedOut:
                return failed(
                    .reloadTimeout,
                    "the command ran longer than \(plan.timeout.seconds) seconds and was ended",
                    run + .output(report))
            case .stopped:
                return failed(
                    .stopped, "the command was ended because the agent stops", run + .output(report))
            }
        }
    }

    private enum Run: Sendable {
        case held(RenewalFailure)
        case unstarted(SystemError)
        case ended(ChildReport)
    }

    private func report(of plan: ReloadPlan, stop: Bell?, unless hold: () -> RenewalFailure?) -> Run {
        let command = ChildCommand(
            executable: "/bin/sh", arguments: ["-c", plan.command], environment: variables(for: plan))
        return gate.run(plan.command) { hasStarted in
            if let failure = hold() { return .held(failure) }
            log.info("reload started", .run(plan))
            do throws(SystemError) {
                return .ended(
                    try command.run(
                        within: ChildLimits(deadline: Clock.boottime() + plan.timeout), stop: stop,
                        whenStarted: hasStarted))
            } catch {
                return .unstarted(error)
            }
        }
    }

    private func variables(for plan: ReloadPlan) -> [String: String] {
        if let only = plan.certificates.first, plan.certificates.count == 1 {
            return environment.variables(for: only)
        }
        return environment.variables(forAll: plan.names)
    }

    private func failed(
        _ failureClass: FailureClass, _ detail: String, _ attributes: LogAttributes
    ) -> ReloadOutcome {
        let failure = RenewalFailure(stage: .reload, failureClass, detail: detail)
        log.error("reload failed", attributes + ["error": .string(detail)])
        return .failed(failure)
    }
}

extension LogAttributes {
    fileprivate static func run(_ plan: ReloadPlan) -> LogAttributes {
        var attributes: LogAttributes = [:]
        if let only = plan.names.first, plan.names.count == 1 {
            attributes.append("certificate", .string(only.text))
        } else {
            attributes.append("certificates", .list(plan.names.map(\.text)))
        }
        attributes.append("command", .string(plan.command))
        return attributes
    }

    /// Nothing for a command that said nothing.
    fileprivate static func output(_ report: ChildReport) -> LogAttributes {
        guard !report.output.isEmpty else { return [:] }
        var attributes: LogAttributes = ["output": .string(String(decoding: report.output, as: UTF8.self))]
        if report.outputWasCut { attributes.append("output_was_cut", true) }
        return attributes
    }
}
