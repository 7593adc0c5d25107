import CPOSIX
import Glibc

extension ChildCommand {
    /// Runs the command to its end, the deadline, or a ring of `stop` (which is left unheard).
    ///
    /// A child that ends by itself ends the run at once: descendants it leaves behind are left alone, whatever they
    /// hold open. One that has to be ended is ended with its whole group. Throws if it couldn't be started; else
    /// `whenStarted` is called as soon as the executable runs.
    public func run(
        within limits: ChildLimits, stop: Bell? = nil, whenStarted: () -> Void = {}
    ) throws(SystemError) -> ChildReport {
        let startedAt = Clock.boottime()
        let child = try ChildProcess.start(self)
        whenStarted()
        var capture = OutputCapture(limit: limits.outputLimit)
        var end: ChildReport.End?
        switch capture.drain(child, until: limits.deadline, stop: stop) {
        case .ended: break
        case .timedOut:
            end = .timedOut
            tearDown(child, limits.teardown, &capture)
        case .stopped:
            end = .stopped
            tearDown(child, limits.teardownWhenStopped, &capture)
        }
        // Only now: until it is reaped nobody else can have its group's number.
        let ownEnd = try child.reap()
        return ChildReport(
            end: end ?? ownEnd, output: capture.kept, outputWasCut: capture.wasCut,
            duration: Clock.boottime() - startedAt)
    }

    private func tearDown(
        _ child: borrowing ChildProcess, _ steps: [ChildLimits.TeardownStep], _ capture: inout OutputCapture
    ) {
        for step in steps {
            child.signalGroup(step.signal)
            let graceEnd = Clock.boottime() + step.grace
            // The group's other members show themselves only by the pipe: they get the rest of the grace while any
            // of them holds it.
            if capture.drain(child, until: graceEnd, stop: nil) == .ended,
                capture.drainToClose(child, until: graceEnd)
            {
                break
            }
        }
        child.signalGroup(.kill)
    }
}

/// Reads a child's output, so that it never stands still before a full pipe, and keeps the beginning.
struct OutputCapture: ~Copyable {
    enum Event { case ended, timedOut, stopped }
    private enum Pipe { case open, closed }

    private let limit: Int
    private(set) var kept: [UInt8] = []
    private(set) var wasCut = false
    private var pipe = Pipe.open

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Reads until the leader has ended, the deadline has passed or the bell rings.
    mutating func drain(_ child: borrowing ChildProcess, until deadline: Duration, stop: Bell?) -> Event {
        while true {
            let watched = [child.ended.rawValue, pipe == .open ? child.output.rawValue : -1, stop.raw]
            guard let slice = Clock.slice(until: deadline) else { return .timedOut }
            let ready = (try? attempt { unsafe cposix_wait_readable_any(watched, 3, slice) }.get()) ?? 0
            if ready & 2 != 0 || ready & 1 != 0 { readSome(child.output) }
            if ready & 1 != 0 { return .ended }
            if ready & 4 != 0 { return .stopped }
        }
    }

    /// Reads until nobody holds the pipe any more; whether that came before the deadline.
    mutating func drainToClose(_ child: borrowing ChildProcess, until deadline: Duration) -> Bool {
        while pipe == .open {
            guard let slice = Clock.slice(until: deadline) else { return false }
            if case .success(1) = attempt({ cposix_wait_readable(child.output.rawValue, slice) }) {
                readSome(child.output)
            }
        }
        return true
    }

    /// What is in the pipe now: no more than a pipe holds, since a descendant may fill it without end.
    private mutating func readSome(_ output: borrowing FileDescriptor) {
        for _ in 0..<16 where pipe == .open {
            do {
                let part = try output.read(upTo: 64 * 1024)
                if part.isEmpty { pipe = .closed }
                let room = limit - kept.count
                kept += part.prefix(room)
                if part.count > room { wasCut = true }
            } catch {
                if error.errno != .wouldBlock { pipe = .closed }
                return
            }
        }
    }
}

extension Bell? {
    fileprivate var raw: Int32 { self?.descriptor.rawValue ?? -1 }
}
