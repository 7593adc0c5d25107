import Synchronization

/// Asks whoever holds it to stop. Raised once, from any thread, and never lowered.
///
/// An exchange that is running when the flag goes up ends within a tenth of a second, more or less.
public final class StopFlag: Sendable {
    private let raised = Atomic(false)

    public init() {}

    public var isRaised: Bool { raised.load(ordering: .acquiring) }

    public func raise() { raised.store(true, ordering: .releasing) }
}
