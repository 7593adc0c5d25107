public import Lifecycle
import POSIX

/// The newest snapshot, handed from the engine to whoever asks.
public final class PublishedStatus: StatusBoard {
    private struct Board: Sendable {
        var snapshot: Snapshot
        var listeners: [@Sendable () -> Void] = []
    }

    private let board: Lock<Board>

    public init(_ first: Snapshot) { board = Lock(Board(snapshot: first)) }

    public func current() -> Snapshot { board.withLock { $0.snapshot } }

    public func whenPublished(_ wake: @escaping @Sendable () -> Void) {
        board.withLock { $0.listeners.append(wake) }
    }

    func publish(_ next: Snapshot) {
        let listeners = board.withLock { board in
            board.snapshot = next
            return board.listeners
        }
        for wake in listeners { wake() }
    }
}
