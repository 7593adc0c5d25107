public import FoundationEssentials

/// The install journal could not be read, so that it isn't known what was decided before: nothing is installed.
public struct UnreadJournal: Hashable, Sendable {
    public var since: Date
    /// What the disk said last.
    public var detail: String

    public init(since: Date, detail: String) {
        self.since = since
        self.detail = detail
    }
}
