/// Counts a time in a few steps, so that one in which the host was suspended is no longer than the others.
struct FilesWatch: Sendable {
    private static let steps = 6

    private let step: Duration
    private var left = Self.steps
    private(set) var nextAt: Duration

    init(_ patience: Duration, at now: Duration) {
        step = patience / Self.steps
        nextAt = now + step
    }

    /// Takes a step if it is time.
    mutating func hasEnded(at now: Duration) -> Bool {
        if now < nextAt { return false }
        left -= 1
        nextAt = now + step
        return left == 0
    }
}
