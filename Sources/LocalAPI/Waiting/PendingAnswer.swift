import HTTP
import HTTPServer
import Lifecycle

/// An answer that waits until a snapshot shows what came of a command.
struct PendingAnswer: Sendable {
    /// How long the client waits at most.
    let patience: Duration
    /// The answer, once there is an outcome.
    let outcome: @Sendable (Snapshot) -> DueAnswer?
    /// The answer when patience has ended before.
    let unfinished: @Sendable (Snapshot) -> DueAnswer
}

/// An answer that waits no more.
enum DueAnswer: Sendable {
    case whole(Response)
    /// Made step by step, while others are served.
    case stepwise(any SteppedAnswer)
}
