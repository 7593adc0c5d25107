import Glibc
import POSIX

/// How a process ended.
enum ProcessEnd: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
}

/// A program that runs beside the test, in a process group of its own, its stdout and stderr in one pipe.
///
/// The kernel kills it should the thread that started it go without having ended it: not even a crash of the
/// tests leaves it behind.
final class RunningProcess: Sendable {
    let name: String
    let pid: pid_t

    private let heard: HeardLines
    private let ended = Lock<ProcessEnd?>(nil)

    /// Starts `executable`, found by path, with a clean environment.
    init(
        _ name: String, _ executable: String, _ arguments: [String],
        environment: [String: String] = Program.environment
    ) throws {
        guard try File.status(executable) != nil else { throw Shortcoming("there is no \(executable)") }
        self.name = name
        let output = try Pipe()
        pid = try Spawn.start(
            [Program.setpriv, "--pdeathsig", "KILL", "--", executable] + arguments, environment,
            output: output.writing)
        let heard = HeardLines()
        self.heard = heard
        let reading = output.reading
        // Ends when the last holder of the pipe is gone: at the latest after `kill`.
        _ = try Worker(name: name) { heard.listen(to: reading) }
    }

    deinit { kill() }

    /// All lines so far.
    var lines: [String] { heard.all }

    /// What a person would look at first.
    var lastLines: String {
        (["--- \(name) (\(end.map { "\($0)" } ?? "running")):"] + lines.suffix(15)).joined(separator: "\n")
    }

    func signal(_ signal: Signal) {
        if end == nil { _ = Glibc.kill(pid, signal.rawValue) }
    }

    /// How it ended; nil while it runs. What is left of its group then is killed.
    var end: ProcessEnd? {
        ended.withLock { ended in
            if let ended { return ended }
            // Looks first and reaps later: until then the group's number can't pass to a stranger.
            var facts = siginfo_t()
            guard waitid(P_PID, id_t(pid), &facts, WEXITED | WNOHANG | WNOWAIT) == 0, facts.si_signo != 0
            else { return nil }
            ended = reap()
            return ended
        }
    }

    /// Waits for its end; nil if it doesn't come in time.
    func end(within patience: Duration) -> ProcessEnd? {
        let deadline = Clock.boottime() + patience
        while end == nil, Clock.boottime() < deadline { Pause.short() }
        return end
    }

    /// Ends it and its group at once. Does nothing if it has ended.
    func kill() {
        ended.withLock { ended in
            if ended == nil {
                _ = Glibc.kill(pid, SIGKILL)
                ended = reap()
            }
        }
    }

    private func reap() -> ProcessEnd {
        _ = Glibc.kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}
