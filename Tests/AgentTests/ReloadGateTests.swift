import Glibc
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct ReloadGateTests {
    private static let patience: Duration = .seconds(20)

    @Test func `no command is started while a section is open, and no section opens meanwhile`() async throws
    {
        struct Inside: Sendable { var sections = 0, starts = 0, clashes = 0 }
        let (gate, inside, ready) = (ReloadGate(readingTime: .zero), Monitor(Inside()), Monitor(0))
        let clashes = try await onThread {
            let workers = try (0..<4).map { number in
                try Worker(name: "passing-\(number)") {
                    ready.change { $0 += 1 }
                    _ = ready.wait(until: Clock.boottime() + Self.patience) { $0 == 4 ? () : nil }
                    for _ in 0..<500 {
                        if number < 2 {
                            gate.withSection(of: nil) {
                                inside.change {
                                    $0.sections += 1
                                    $0.clashes += $0.starts
                                }
                                Self.letOthersGo()
                                inside.change { $0.sections -= 1 }
                            }
                        } else {
                            gate.run("reload \(number)") { hasStarted in
                                inside.change {
                                    $0.starts += 1
                                    $0.clashes += $0.sections
                                }
                                Self.letOthersGo()
                                inside.change { $0.starts -= 1 }
                                hasStarted()
                            }
                        }
                    }
                }
            }
            for worker in workers { worker.join() }
            return inside.wait { $0.clashes }
        }
        #expect(clashes == 0)
    }

    @Test func `a command that hangs holds up no section and no command of another service`() async throws {
        let gate = ReloadGate(readingTime: .seconds(3600))
        try await Self.whileOneRuns("hangs", in: gate) { isRunning in
            gate.withSection(of: "another") {}
            gate.withSection(of: nil) {}
            gate.run("another") { $0() }
            // What had been held up would have gone on only after its end.
            #expect(isRunning())
        }
    }

    @Test func `commands run together`() async throws {
        let gate = ReloadGate()
        try await Self.whileOneRuns("first", in: gate) { isFirstRunning in
            try await Self.whileOneRuns("second", in: gate) { isSecondRunning in
                #expect(isFirstRunning() && isSecondRunning())
            }
        }
    }

    @Test func `the files of a command's own service stay as they are until it has read them`() async throws {
        let gate = ReloadGate(readingTime: .seconds(3600))
        let (course, waiting) = (Lock<[String]>([]), Turnstile())
        try await onThread {
            let installing = try gate.run("reload") { hasStarted in
                hasStarted()
                let installing = try Worker(name: "installing") {
                    waiting.open()
                    gate.withSection(of: "reload") { course.withLock { $0.append("installed") } }
                }
                waiting.pass()
                for _ in 0..<1000 { Self.letOthersGo() }
                course.withLock { $0.append("read") }
                return installing
            }
            installing.join()
        }
        #expect(course.withLock { $0 } == ["read", "installed"])
    }

    @Test func `a command that hangs holds up its own service's files only for the time of reading`()
        async throws
    {
        let gate = ReloadGate(readingTime: .milliseconds(10))
        try await Self.whileOneRuns("hangs", in: gate) { isRunning in
            gate.withSection(of: "hangs") {}
            #expect(isRunning())
        }
    }

    @Test func `who leaves by a throw, also before the start, holds up nobody`() {
        let gate = ReloadGate(readingTime: .seconds(3600))
        #expect(throws: Errno.busy) { try gate.withSection(of: nil) { () throws(Errno) in throw .busy } }
        #expect(throws: Errno.busy) { try gate.run("a") { _ throws(Errno) in throw .busy } }
        #expect(throws: Errno.busy) {
            try gate.run("a") { hasStarted throws(Errno) in
                hasStarted()
                throw .busy
            }
        }
        #expect(gate.withSection(of: "a") { true })
        #expect(gate.run("a") { _ in true })
    }

    /// Calls `body` while a command that has been started doesn't end.
    private static func whileOneRuns(
        _ command: String, in gate: ReloadGate, _ body: (_ isRunning: () -> Bool) async throws -> Void
    ) async throws {
        let (turnstile, isRunning) = (Turnstile(), Lock(false))
        let running = try Worker(name: "running") {
            gate.run(command) { hasStarted in
                hasStarted()
                isRunning.withLock { $0 = true }
                turnstile.pass()
                isRunning.withLock { $0 = false }
            }
        }
        try turnstile.waitForArrivals(1)
        try await body { isRunning.withLock { $0 } }
        turnstile.open()
        running.join()
    }

    private static func letOthersGo() { sched_yield() }
}
