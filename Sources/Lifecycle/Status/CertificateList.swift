/// The certificates of a snapshot, sorted by name.
///
/// Kept in pages: the list after a change shares with the list before it every page in which nothing has changed, so a
/// snapshot of ten thousand certificates costs what has changed since the last one.
public struct CertificateList: RandomAccessCollection, Sendable {
    private final class Page: Sendable {
        let statuses: [CertificateStatus]

        init(_ statuses: [CertificateStatus]) { self.statuses = statuses }
    }

    private static let pageSize = 32

    /// All but the last one are full.
    private var pages: [Page]
    public let count: Int

    public init(_ statuses: [CertificateStatus] = []) {
        self.init(count: statuses.count) { statuses[$0] }
    }

    /// - Parameter status: called once for each position, in order.
    init(count: Int, _ status: (Int) -> CertificateStatus) {
        self.count = count
        pages = stride(from: 0, to: count, by: Self.pageSize).map { start in
            Page((start..<Swift.min(start + Self.pageSize, count)).map(status))
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    /// Lent and not copied: a status holds a dozen references.
    public subscript(position: Int) -> CertificateStatus {
        _read { yield pages[position / Self.pageSize].statuses[position % Self.pageSize] }
    }

    /// Puts new statuses at these positions.
    mutating func replace(_ changed: [(position: Int, status: CertificateStatus)]) {
        for (number, changed) in Dictionary(grouping: changed, by: { $0.position / Self.pageSize }) {
            var statuses = pages[number].statuses
            for (position, status) in changed { statuses[position % Self.pageSize] = status }
            pages[number] = Page(statuses)
        }
    }

    /// Whether nothing was replaced between the two. Costs nothing but a look at each page.
    public func isIdentical(to other: CertificateList) -> Bool {
        pages.count == other.pages.count && zip(pages, other.pages).allSatisfy { $0 === $1 }
    }
}
