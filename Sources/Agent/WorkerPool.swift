import POSIX
import Transfer

/// The threads on which everything runs that blocks: one job at a time each, taken from one queue.
///
/// Threads are made when a job finds none free, up to a limit, and kept: each has a libcurl session of its own whose
/// connection to the broker the next job finds open.
final class WorkerPool: Sendable {
    typealias Job = @Sendable (WorkerContext) -> Void

    private struct Queue: Sendable {
        var jobs: [Job] = []
        var idle = 0
        /// By number.
        var threads: [Int: Worker] = [:]
        var limit: Int
        var made = 0
        /// Threads that take no more jobs.
        var ended: Set<Int> = []
        var isClosed = false
    }

    private let queue: Monitor<Queue>
    private let spawn: Spawn
    private let name: String

    /// Makes a thread.
    typealias Spawn =
        @Sendable (
            _ name: String, _ body: @escaping @Sendable () -> Void
        ) throws(SystemError) -> Worker

    /// - Parameter name: of its threads, before their numbers.
    init(
        limit: Int, name: String = "worker",
        spawn: @escaping Spawn = { (name, body) throws(SystemError) in try Worker(name: name, body) }
    ) {
        queue = Monitor(Queue(limit: limit))
        self.name = name
        self.spawn = spawn
    }

    /// From now on as many threads; surplus ones go when their jobs have ended.
    func adopt(limit: Int) { queue.change { $0.limit = limit } }

    /// Queues a job. Throws only when there is no thread at all and none can be made; the job is dropped then.
    /// After `close` jobs are dropped silently.
    func submit(_ job: @escaping Job) throws(SystemError) {
        try queue.change { queue throws(SystemError) in
            if queue.isClosed { return }
            if queue.idle <= queue.jobs.count, queue.threads.count < queue.limit {
                do throws(SystemError) {
                    queue.threads[queue.made + 1] = try makeThread(number: queue.made + 1)
                    queue.made += 1
                } catch {
                    // With at least one thread the job waits its turn.
                    if queue.threads.isEmpty { throw error }
                }
            }
            queue.jobs.append(job)
        }
    }

    /// Lets running jobs end, drops queued ones, and returns when every thread is gone: true. Those whose jobs have not
    /// ended by the deadline are left to them: a thread in a system call that hangs can't be joined.
    @discardableResult
    func close(until deadline: Duration? = nil) -> Bool {
        queue.change { queue in
            queue.isClosed = true
            queue.jobs = []
        }
        let isEmpty = queue.wait(until: deadline) { $0.ended.count == $0.threads.count ? true : nil } ?? false
        let ended = queue.change { queue in queue.threads.filter { queue.ended.contains($0.key) } }
        for thread in ended.values { thread.join() }
        return isEmpty
    }

    private func makeThread(number: Int) throws(SystemError) -> Worker {
        try spawn("\(name)-\(number)") { [queue] in
            WorkerPool.work(as: number, in: queue)
            queue.change { if $0.threads[number] != nil { $0.ended.insert(number) } }
        }
    }

    private static func work(as number: Int, in queue: Monitor<Queue>) {
        let context = WorkerContext()
        while let job = next(for: number, in: queue) { job(context) }
    }

    /// Waits for a job; nil when the pool is closed, or has more threads than it should.
    private static func next(for thread: Int, in queue: Monitor<Queue>) -> Job? {
        queue.change { $0.idle += 1 }
        let job: Job?? = queue.wait { queue -> Job?? in
            if !queue.isClosed && queue.threads.count > queue.limit {
                queue.idle -= 1
                queue.threads[thread] = nil
                return .some(nil)
            }
            guard queue.isClosed || !queue.jobs.isEmpty else { return nil }
            // In one step with the taking: a thread that counted as idle any longer would be left to a next job.
            queue.idle -= 1
            return .some(queue.isClosed ? nil : queue.jobs.removeFirst())
        }
        return job ?? nil
    }
}

/// What a worker keeps from one job to the next. Belongs to its thread.
final class WorkerContext {
    private var kept: Session?

    /// The thread's libcurl session, made at its first use.
    func session() throws(TransferError) -> Session {
        if let kept { return kept }
        let session = try Session()
        kept = session
        return session
    }
}
