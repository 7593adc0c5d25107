import POSIX
import TestSupport
import Testing

@Suite struct ThreadTests {
    @Test func `a lock lets one thread at a time at its value`() async throws {
        let counter = Lock(0)
        let workers = try (0..<4).map { number in
            try Worker(name: "adder-\(number)") {
                for _ in 0..<10_000 { counter.withLock { $0 += 1 } }
            }
        }
        for worker in workers { worker.join() }
        #expect(counter.withLock { $0 } == 40_000)
    }

    @Test func `a lock is open again after a throw`() throws {
        let lock = Lock(0)
        #expect(throws: Errno.busy) { try lock.withLock { _ throws(Errno) in throw Errno.busy } }
        #expect(lock.withLock { $0 } == 0)
    }

    @Test func `a worker has its name, cut to fifteen bytes, and joins more than once`() throws {
        let name = Lock("")
        let worker = try Worker(name: "a-name-that-is-longer") {
            let comm = (try? File.read("/proc/thread-self/comm", limit: 64)) ?? []
            name.withLock { $0 = String(decoding: comm, as: UTF8.self) }
        }
        worker.join()
        worker.join()
        #expect(name.withLock { $0 } == "a-name-that-is-\n")
    }

    @Test func `a monitor wakes who waits for a change, and gives up at the deadline`() throws {
        let monitor = Monitor([Int]())
        let worker = try Worker(name: "producer") { monitor.change { $0.append(42) } }
        #expect(monitor.wait { $0.popLast() } == 42)
        worker.join()
        let deadline = Clock.boottime() + .milliseconds(30)
        #expect(monitor.wait(until: deadline) { $0.popLast() } == nil)
        #expect(Clock.boottime() >= deadline)
    }
}
