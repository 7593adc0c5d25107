import Log
import POSIX

/// Sweeps the directories of outputs one after the other, on a thread that nobody waits for: in one that hangs no system
/// call returns, and another thread goes on with the rest.
final class PlacesSweep: Sendable {
    /// One directory, by the paths that lead there.
    struct Place: Sendable {
        var directory: String
        var paths: [String]
    }

    private struct Course: Sendable {
        /// The next ones last.
        var waiting: [Place] = []
        var current: (directory: String, since: Duration)?
        /// Whose turn it is among the threads.
        var turn = 0
        var swept: Set<String> = []
        var unanswered: [String] = []
        var isOver = false
    }

    private let course = Monitor(Course())
    private let places: @Sendable () -> [Place]
    private let sweep: StagingSweep
    private let patience: Duration
    private let swept: @Sendable (Set<String>) -> Void

    /// Threads that are left to directories that hang. Where so many do, the rest is for the next start.
    private static let mostLeft = 16

    /// `places` is asked on the sweep's own thread: a start waits for no list of ten thousand certificates' files. `swept`
    /// is told at the end which directories have nothing of ours any more.
    init(
        _ places: @escaping @Sendable () -> [Place], _ sweep: StagingSweep, patience: Duration = .seconds(5),
        swept: @escaping @Sendable (Set<String>) -> Void
    ) {
        self.places = places
        self.sweep = sweep
        self.patience = patience
        self.swept = swept
    }

    /// Without a thread the next start sweeps.
    func begin() { _ = try? Worker(name: "sweeps") { self.run() } }

    /// Returns when all is swept but what hangs, which it names.
    @discardableResult
    func run() -> [String] {
        let places = places()
        course.change { $0.waiting = places.reversed() }
        startThread()
        while true {
            if waitForEnd(until: Clock.boottime() + patience / 5) { break }
            guard let directory = course.change(leaveWhatHangs) else { continue }
            sweep.log.warn(
                "directory hangs, what was left staged in it stays",
                [
                    "path": .string(directory),
                    "advice":
                        "See that the server of its file system can be reached; the next start sweeps it.",
                ])
            startThread()
        }
        let (done, unanswered) = course.change { course in
            defer { course.swept = [] }
            return (course.swept, course.unanswered)
        }
        swept(done)
        // What the places of ten thousand certificates took.
        ProcessMemory.giveBack()
        return unanswered
    }

    /// Waits for the end; false at the deadline.
    func waitForEnd(until deadline: Duration) -> Bool {
        course.wait(until: deadline) { $0.isOver ? true : nil } ?? false
    }

    private func startThread() {
        let turn = course.change { course in
            course.turn += 1
            return course.turn
        }
        let thread = try? Worker(name: "sweep") { [self] in
            while let place = course.change({ Self.next(&$0, turn) }) {
                let isDone = sweep.sweepBeside(place.paths)
                course.change { course in
                    if isDone { course.swept.insert(place.directory) }
                    if course.turn == turn { course.current = nil }
                }
            }
        }
        if thread == nil { course.change { $0.isOver = true } }
    }

    private static func next(_ course: inout Course, _ turn: Int) -> Place? {
        guard course.turn == turn, !course.isOver else { return nil }
        guard let place = course.waiting.popLast() else {
            course.isOver = true
            return nil
        }
        course.current = (place.directory, Clock.boottime())
        return place
    }

    private func leaveWhatHangs(_ course: inout Course) -> String? {
        // Where one hangs others will, and `recover` is waited for.
        let patience = course.unanswered.isEmpty ? patience : patience / 5
        guard let current = course.current, Clock.boottime() >= current.since + patience else { return nil }
        course.unanswered.append(current.directory)
        course.current = nil
        if course.unanswered.count == Self.mostLeft { course.waiting = [] }
        return current.directory
    }
}
