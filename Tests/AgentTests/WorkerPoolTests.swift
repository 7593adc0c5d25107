import FoundationEssentials
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct WorkerPoolTests {
    /// The calling thread's directory in /proc.
    private static func thisThread() -> String {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        return "/proc/" + (link ?? "")
    }

    private static func wait(until isSo: () throws -> Bool) throws -> Bool {
        let (pause, deadline) = (try Bell(), Clock.boottime() + .seconds(20))
        while Clock.boottime() < deadline {
            if try isSo() { return true }
            _ = pause.wait(until: Clock.boottime() + .milliseconds(2))
        }
        return false
    }

    @Test func `as many jobs run at once as there may be threads, and the rest wait their turn`()
        async throws
    {
        let gate = Turnstile()
        let (running, most, done) = (Lock(0), Lock(0), Lock(0))
        let pool = WorkerPool(limit: 3)
        try await onThread {
            for _ in 0..<20 {
                try pool.submit { _ in
                    let count = running.withLock { running in
                        running += 1
                        return running
                    }
                    most.withLock { $0 = max($0, count) }
                    gate.pass()
                    running.withLock { $0 -= 1 }
                    done.withLock { $0 += 1 }
                }
            }
            try gate.waitForArrivals(3)
            gate.open()
            #expect(try Self.wait { done.withLock { $0 } == 20 })
            pool.close()
        }
        #expect(most.withLock { $0 } == 3)
    }

    @Test func `close waits for what runs, drops what waits, and leaves no thread behind`() async throws {
        let gate = Turnstile()
        let (threads, late) = (Lock<[String]>([]), Lock(false))
        let pool = WorkerPool(limit: 2)
        try await onThread {
            for _ in 0..<2 {
                try pool.submit { _ in
                    threads.withLock { $0.append(Self.thisThread()) }
                    gate.pass()
                }
            }
            try pool.submit { _ in late.withLock { $0 = true } }
            try gate.waitForArrivals(2)
            let closer = try Worker(name: "closer") { pool.close() }
            // Dropped silently from the moment the closing has begun, whenever that is.
            #expect(
                try Self.wait {
                    let wasTaken = Lock<Bool?>(nil)
                    try pool.submit { [flag = Flag(wasTaken)] _ in _ = flag }
                    return wasTaken.withLock { $0 } == false
                })
            gate.open()
            closer.join()
            let gone = threads.withLock { $0 }
            #expect(gone.count == 2)
            #expect(try Self.wait { try gone.allSatisfy { try File.status($0) == nil } })
        }
        #expect(!late.withLock { $0 })
    }

    /// Says when it is let go.
    private final class Flag: Sendable {
        private let wasTaken: Lock<Bool?>

        init(_ wasTaken: Lock<Bool?>) { self.wasTaken = wasTaken }

        deinit { wasTaken.withLock { $0 = false } }
    }

    @Test func `a job never waits behind one that blocks while a thread could be made`() async throws {
        let spin: @Sendable (Duration) -> Void = { duration in
            let end = Clock.boottime() + duration
            while Clock.boottime() < end {}
        }
        try await onThread {
            for round in 0..<4000 {
                let pool = WorkerPool(limit: 2)
                let (warm, done, second) = (try Bell(), try Bell(), Turnstile())
                try pool.submit { _ in warm.ring() }
                _ = warm.wait(until: Clock.boottime() + .seconds(5))
                // Time for the first thread to be idle again, so that the next job finds it.
                spin(.microseconds(200))
                try pool.submit { _ in second.pass() }
                // The second job comes at another moment of the first one's start each time.
                spin(.microseconds(round % 80))
                try pool.submit { _ in
                    second.open()
                    done.ring()
                }
                try #require(done.wait(until: Clock.boottime() + .seconds(10)) == .rung)
                pool.close()
            }
        }
    }

    @Test func `without any thread a job is refused, and with one it waits its turn`() async throws {
        let (made, allowed, ran) = (Lock(0), Lock(0), Lock<[Int]>([]))
        let pool = WorkerPool(limit: 4) { (name, body) throws(SystemError) in
            guard made.withLock({ $0 }) < allowed.withLock({ $0 }) else {
                throw SystemError("pthread_create", name, .wouldBlock)
            }
            made.withLock { $0 += 1 }
            return try Worker(name: name, body)
        }
        #expect(throws: SystemError.self) { try pool.submit { _ in ran.withLock { $0.append(0) } } }
        allowed.withLock { $0 = 1 }
        let gate = Turnstile()
        try await onThread {
            try pool.submit { _ in
                gate.pass()
                ran.withLock { $0.append(1) }
            }
            try gate.waitForArrivals(1)
            try pool.submit { _ in ran.withLock { $0.append(2) } }
            gate.open()
            #expect(try Self.wait { ran.withLock { $0.count } == 2 })
            pool.close()
        }
        #expect(ran.withLock { $0 } == [1, 2])
        #expect(made.withLock { $0 } == 1)
    }
}
