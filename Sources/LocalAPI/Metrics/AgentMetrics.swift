import HTTP
import Lifecycle
import POSIX

/// The series of the agent and of its process, as far as they needn't be written anew for each scrape: whoever asks
/// again and again, for the head of the answer only, would else keep others waiting.
final class AgentMetrics: Sendable {
    /// For how long the kernel's word on this process holds: to ask costs it more than all the rest of an answer.
    private static let factsLast: Int64 = 100_000_000

    private struct Kept: Sendable {
        var snapshot: Snapshot?
        var agent = SharedBytes("")
        var process: [UInt8] = []
        var processReadAt: Int64?
    }

    private let kept = Lock(Kept())
    private let version: String

    init(version: String) { self.version = version }

    /// What `snapshot` says of everything but the certificates.
    func agent(_ snapshot: Snapshot) -> SharedBytes {
        kept.withLock { kept in
            if kept.snapshot === snapshot { return kept.agent }
            var writer = MetricsWriter()
            writer.agent(snapshot, version: version)
            kept.snapshot = snapshot
            kept.agent = SharedBytes(writer.bytes)
            return kept.agent
        }
    }

    /// What the kernel says of this process, of now or a moment ago.
    func process() -> [UInt8] {
        let now = Clock.nanoseconds()
        return kept.withLock { kept in
            if let readAt = kept.processReadAt, now - readAt < Self.factsLast { return kept.process }
            var writer = MetricsWriter()
            writer.process(ProcessFacts.current())
            kept.process = writer.bytes
            kept.processReadAt = now
            return kept.process
        }
    }
}
