import POSIX

/// One thread that runs closures, each not before its time; those whose time has come in the order they came due.
final class DelayedWork: Sendable {
    private struct Job: Sendable {
        var dueAt: Duration
        var number: Int
        var run: @Sendable () -> Void
    }

    private struct State: Sendable {
        var jobs: [Job] = []
        var submitted = 0
        var isStopping = false
    }

    private let state = Lock(State())
    private let bell: Bell
    private let thread = Lock<Worker?>(nil)

    init() throws(SystemError) {
        bell = try Bell()
    }

    /// Starts the thread; once.
    func start(name: String) throws(SystemError) {
        let worker = try Worker(name: name) { [self] in runJobs() }
        thread.withLock { $0 = worker }
    }

    /// Runs `job` on the thread when `delay` has passed; never after `stop`.
    func submit(after delay: Duration = .zero, _ job: @escaping @Sendable () -> Void) {
        let dueAt = Clock.boottime() + delay
        state.withLock { state in
            state.submitted += 1
            state.jobs.append(Job(dueAt: dueAt, number: state.submitted, run: job))
        }
        bell.ring()
    }

    /// Lets the running job end, drops the others, and waits for the thread.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.jobs = []
        }
        bell.ring()
        thread.withLock { $0 }?.join()
    }

    private enum Turn {
        case run(@Sendable () -> Void)
        case wait(until: Duration?)
        case stop
    }

    private func runJobs() {
        while true {
            switch nextTurn() {
            case .run(let job): job()
            case .wait(let deadline): _ = bell.wait(until: deadline)
            case .stop: return
            }
        }
    }

    private func nextTurn() -> Turn {
        let now = Clock.boottime()
        return state.withLock { state in
            if state.isStopping { return .stop }
            let next = state.jobs.indices.min {
                (state.jobs[$0].dueAt, state.jobs[$0].number) < (state.jobs[$1].dueAt, state.jobs[$1].number)
            }
            guard let next else { return .wait(until: nil) }
            guard state.jobs[next].dueAt <= now else { return .wait(until: state.jobs[next].dueAt) }
            return .run(state.jobs.remove(at: next).run)
        }
    }
}
