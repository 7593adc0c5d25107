import POSIX

/// The faults in force: the file `faults` of the lab's directory, read again whenever it has changed.
final class FaultFile: Sendable {
    private struct State: Sendable {
        var plan = FaultPlan()
        var seen: FileStatus?
    }

    private let path: String
    private let state = Lock(State())

    init(path: String) {
        self.path = path
    }

    /// What the next order for `profile` meets, and the problems of the file if it was just read.
    func strike(_ profile: String) -> (strike: FaultPlan.Strike, problems: [FaultSpecProblem]) {
        state.withLock { state in
            // A file that is missing or can't be read holds no faults.
            let status = (try? File.status(path)) ?? nil
            var problems: [FaultSpecProblem] = []
            if status != state.seen {
                state.seen = status
                let bytes = (try? File.read(path, limit: 1 << 20)) ?? []
                (state.plan, problems) = FaultPlan.parse(String(decoding: bytes, as: UTF8.self))
            }
            return (state.plan.strike(profile), problems)
        }
    }
}
