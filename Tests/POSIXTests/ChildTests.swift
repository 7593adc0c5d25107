import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct ChildTests {
    private static func shell(_ script: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"])
        -> ChildCommand
    {
        ChildCommand(executable: "/bin/sh", arguments: ["-c", script], environment: environment)
    }

    private func run(
        _ command: ChildCommand, for limit: Duration = .seconds(20), grace: Duration = .seconds(5),
        keep: Int = 65_536,
        stop: Bell? = nil
    ) async throws -> ChildReport {
        try await onThread {
            try command.run(
                within: ChildLimits(
                    deadline: Clock.boottime() + limit,
                    teardown: [ChildLimits.TeardownStep(.terminate, grace: grace)], outputLimit: keep),
                stop: stop)
        }
    }

    private func text(_ report: ChildReport) -> String { String(decoding: report.output, as: UTF8.self) }

    @Test func `the exit code, and stdout and stderr in order, come back`() async throws {
        let report = try await run(Self.shell("echo one; echo two >&2; echo three; exit 7"))
        #expect(report.end == .exited(7))
        #expect(text(report) == "one\ntwo\nthree\n")
        #expect(!report.outputWasCut)
    }

    @Test func `a death by signal is not an exit code`() async throws {
        #expect(try await run(Self.shell("kill -HUP $$")).end == .signalled(.hangup))
    }

    @Test(arguments: [("/does/not/exist", Errno.notFound), ("/etc", .permissionDenied)])
    func `what can't be started says why`(_ executable: String, _ errno: Errno) async throws {
        await #expect(throws: SystemError("execve", executable, errno)) {
            _ = try await run(ChildCommand(executable: executable, environment: [:]))
        }
    }

    @Test func `it sees the given environment and nothing else`() async throws {
        let command = ChildCommand(executable: "/usr/bin/env", environment: ["B": "x=y", "A": "1 2"])
        #expect(try await text(run(command)) == "A=1 2\nB=x=y\n")
    }

    @Test func `it has descriptors 0 to 2 only`() async throws {
        let leak = FileDescriptor(owning: open("/", O_RDONLY))
        let command = ChildCommand(executable: "/bin/ls", arguments: ["/proc/self/fd"], environment: [:])
        #expect(try await text(run(command)) == "0\n1\n2\n3\n", "3 is the directory that ls reads")
        _ = consume leak
    }

    @Test func `it has nothing to read, and the umask`() async throws {
        var command = Self.shell("cat; umask")
        command.umask = 0o027
        #expect(try await text(run(command)) == "0027\n")
    }

    @Test func `it leads a session and group of its own`() async throws {
        let fields = try await text(run(Self.shell("echo $$; cut -d' ' -f5,6 /proc/$$/stat"))).split(
            separator: "\n")
        #expect(fields == [fields[0], "\(fields[0]) \(fields[0])"])
    }

    @Test func `no signal is blocked or ignored in it`() async throws {
        try Signal.pipe.ignore()
        let report = try await onThread {
            var blocked = sigset_t()
            sigfillset(&blocked)
            pthread_sigmask(SIG_BLOCK, &blocked, nil)
            return try ChildCommand(
                executable: "/bin/grep", arguments: ["-E", "^Sig(Blk|Ign)", "/proc/self/status"],
                environment: [:]
            ).run(within: ChildLimits(deadline: Clock.boottime() + .seconds(20)))
        }
        let sets = text(report).split(separator: "\n").map { UInt64($0.suffix(16), radix: 16) }
        // 32 and 33 are the C library's own, which doesn't let anyone set them.
        #expect(sets.map { $0.map { $0 & ~0x1_8000_0000 } } == [0, 0])
    }

    @Test func `a flood is read to its end, and its beginning is kept`() async throws {
        let report = try await run(Self.shell("head -c 3000000 /dev/zero | tr '\\0' x; echo end"), keep: 100)
        #expect(report.end == .exited(0))
        #expect(text(report) == String(repeating: "x", count: 100))
        #expect(report.outputWasCut)
    }

    @Test func `at the deadline it is asked to end, and what it says then is kept`() async throws {
        let report = try await run(
            Self.shell("trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done"),
            for: .milliseconds(400))
        #expect(report.end == .timedOut)
        #expect(text(report).contains("ready\n"))
        #expect(text(report).hasSuffix("asked\n"))
        #expect(report.duration < .seconds(4))
    }

    @Test func `one that ignores the request is killed after the grace, with its group`() async throws {
        let report = try await run(
            Self.shell("trap '' TERM; sleep 600 & echo $!; wait; sleep 600"), for: .milliseconds(300),
            grace: .milliseconds(300))
        #expect(report.end == .timedOut)
        #expect(report.duration >= .milliseconds(600))
        #expect(report.duration < .seconds(4))
        let grandchild = try #require(pid_t(text(report).split(separator: "\n")[0]))
        #expect(ends(grandchild))
    }

    @Test func `a member of the group gets the grace even if the leader ends at once`() async throws {
        let report = try await run(
            Self.shell(
                "(trap 'sleep 0.3; echo cleaned up; exit' TERM; echo ready; while :; do sleep 0.05; done) & wait"
            ),
            for: .milliseconds(400))
        #expect(report.end == .timedOut)
        #expect(text(report).hasSuffix("cleaned up\n"))
    }

    @Test func `a survivor that holds the pipe doesn't hold the run, and is left alone`() async throws {
        let report = try await run(Self.shell("trap '' HUP; sleep 600 & echo $!"))
        #expect(report.end == .exited(0))
        #expect(report.duration < .seconds(5))
        let survivor = try #require(pid_t(text(report).split(separator: "\n")[0]))
        #expect(isAlive(survivor))
        kill(survivor, SIGKILL)
    }

    @Test func `the stop bell ends it early, and is left ringing`() async throws {
        let bell = try Bell()
        bell.ring()
        let report = try await run(Self.shell("sleep 600"), stop: bell)
        #expect(report.end == .stopped)
        #expect(report.duration < .seconds(5))
        #expect(bell.isRinging)
    }

    @Test func `an argument with a zero byte is refused, not cut`() async throws {
        await #expect(throws: SystemError("execve", "a\0b", .invalid)) {
            _ = try await run(ChildCommand(executable: "/bin/echo", arguments: ["a\0b"], environment: [:]))
        }
    }

    /// Gone, or a zombie that whoever inherited it hasn't reaped; a kill takes a moment.
    private func ends(_ process: pid_t) -> Bool {
        let deadline = Clock.boottime() + .seconds(5)
        while Clock.boottime() < deadline {
            if !isAlive(process) { return true }
            sched_yield()
        }
        return false
    }

    private func isAlive(_ process: pid_t) -> Bool {
        guard let stat = try? File.read("/proc/\(process)/stat", limit: 4096) else { return false }
        return !String(decoding: stat, as: UTF8.self).contains(") Z ")
    }
}
