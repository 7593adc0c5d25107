public import Lifecycle
import POSIX

/// The newest snapshot, handed from the engine to whoever asks.
public final class PublishedStatus: StatusBoard {
    private let snapshot: Lock<Snapshot>

    public init(_ first: Snapshot) { snapshot = Lock(first) }

    public func current() -> Snapshot { snapshot.withLock { $0 } }

    func publish(_ next: Snapshot) { snapshot.withLock { $0 = next } }
}
