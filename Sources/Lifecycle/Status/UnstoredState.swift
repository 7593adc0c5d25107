public import FoundationEssentials

/// What the state directory has refused: a restart would lose it.
public struct UnstoredState: Hashable, Sendable {
    /// How many certificates' records are not on the disk.
    public var count: Int
    public var since: Date
    /// What the disk said last.
    public var detail: String

    public init(count: Int, since: Date, detail: String) {
        self.count = count
        self.since = since
        self.detail = detail
    }
}
