import HTTP
import Lifecycle

/// An answer that waits until a snapshot shows what came of a command.
struct PendingAnswer: Sendable {
    /// How long the client waits at most.
    let patience: Duration
    /// The answer, once there is an outcome.
    let outcome: @Sendable (Snapshot) -> Response?
    /// The answer when patience has ended before.
    let unfinished: @Sendable (Snapshot) -> Response
}
