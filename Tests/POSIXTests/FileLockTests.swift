import POSIX
import TestSupport
import Testing

@Suite struct FileLockTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    /// Whether another process can take the lock, at once or within `patience` seconds: a child that another test
    /// is starting holds a copy of every descriptor for the moment between fork and execve.
    private func otherProcessGetsIt(_ path: String, patience: Int) async throws -> Bool {
        let command = ChildCommand(
            executable: "/usr/bin/flock", arguments: ["-w", "\(patience)", path, "/bin/true"],
            environment: [:])
        let report = try await onThread {
            try command.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(20)))
        }
        return report.end == .exited(0)
    }

    @Test func `it keeps other processes out for as long as it lives`() async throws {
        let path = scratch.path("lock")
        do {
            let lock = try FileLock.acquire(path)
            #expect(try await !otherProcessGetsIt(path, patience: 0))
            _ = consume lock
        }
        #expect(try await otherProcessGetsIt(path, patience: 10))
    }

    @Test func `who is refused learns the holder's process number`() throws {
        let lock = try FileLock.acquire(scratch.path("lock"))
        #expect(throws: FileLock.Failure.held(by: ProcessFacts.processID)) {
            _ = try FileLock.acquire(scratch.path("lock"))
        }
        #expect(try scratch.read("lock") == "\(ProcessFacts.processID)\n")
        _ = consume lock
    }

    @Test(arguments: ["", "99999999999999", "4711\n", "someone else's words, and many of them indeed\n"])
    func `a file that nobody holds is taken, whatever is in it`(_ content: String) throws {
        try scratch.write("lock", content)
        let lock = try FileLock.acquire(scratch.path("lock"))
        #expect(try scratch.read("lock") == "\(ProcessFacts.processID)\n")
        _ = consume lock
    }

    /// What crashed on a full disk is put in order under this lock.
    @Test(.enabled(if: ProcessFacts.userID == 0), arguments: ["", "4711\n"])
    func `a full disk keeps nobody from it`(left: String) async throws {
        let folder = scratch.path("full")
        _ = try Directory.make(folder, mode: 0o700)
        let scratch = scratch
        try await MountNamespace.run {
            try MountNamespace.memory(at: folder, "size=16k,mode=700")
            try scratch.write("full/lock", left)
            let filler = try Directory.open(folder).createFile("filler", mode: 0o600)
            while (try? filler.writeAll([UInt8](repeating: 0, count: 4096))) != nil {}
            let lock = try FileLock.acquire(folder + "/lock")
            #expect(throws: FileLock.Failure.self) { _ = try FileLock.acquire(folder + "/lock") }
            _ = consume lock
        }
    }

    @Test func `a child doesn't inherit it`() async throws {
        let lock = try FileLock.acquire(scratch.path("lock"))
        let script = "trap '' HUP; sleep 600 & echo $!"
        let report = try await onThread {
            try ChildCommand(
                executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"]
            ).run(within: ChildLimits(deadline: Clock.boottime() + .seconds(20)))
        }
        _ = consume lock
        #expect(try await otherProcessGetsIt(scratch.path("lock"), patience: 10))
        let survivor = String(decoding: report.output.dropLast(), as: UTF8.self)
        let kill = ChildCommand(executable: "/bin/kill", arguments: ["-9", survivor], environment: [:])
        _ = try kill.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(20)))
    }

    @Test func `a missing directory is said`() throws {
        #expect(throws: FileLock.Failure.system(SystemError("open", scratch.path("no/lock"), .notFound))) {
            _ = try FileLock.acquire(scratch.path("no/lock"))
        }
    }
}
