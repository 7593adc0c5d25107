/// Lets many pass together, or one alone: install sections are passed together, a reload alone, so that no reload
/// begins while a set of files is half changed, and none changes while it runs.
public final class Gate: Sendable {
    private struct Passage: Sendable {
        var together = 0
        var isTakenAlone = false
        var waitingAlone = 0
    }

    private let passage = Monitor(Passage())

    public init() {}

    /// Runs `body` beside others of its kind. Who waits to be alone goes first, so that a stream of these can't keep
    /// it waiting for ever; so not to be called from inside itself.
    public func withShared<Answer: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        _ = passage.wait { passage -> Void? in
            if passage.isTakenAlone || passage.waitingAlone > 0 { return nil }
            passage.together += 1
            return ()
        }
        defer { passage.change { $0.together -= 1 } }
        return try body()
    }

    /// Runs `body` when nobody else is inside, and lets nobody in until it is over.
    public func withExclusive<Answer: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        passage.change { $0.waitingAlone += 1 }
        _ = passage.wait { passage -> Void? in
            if passage.isTakenAlone || passage.together > 0 { return nil }
            passage.waitingAlone -= 1
            passage.isTakenAlone = true
            return ()
        }
        defer { passage.change { $0.isTakenAlone = false } }
        return try body()
    }
}
