/// How soon a certificate has to be renewed; the lesser the sooner.
struct Urgency: Comparable, Sendable {
    /// What is due by itself goes before what was only asked for.
    var isOnlyAskedFor: Bool
    /// The part of its life that is left.
    var lifeLeft: Double

    static func < (left: Urgency, right: Urgency) -> Bool {
        left.isOnlyAskedFor == right.isOnlyAskedFor ? left.lifeLeft < right.lifeLeft : right.isOnlyAskedFor
    }
}

/// Certificates that may start a renewal, the most urgent first: finding the next one costs little however many wait.
struct UrgencyQueue: Sendable {
    private var heap: IndexedHeap<Urgency>
    /// The part of a life that is left shrinks faster for a short life than for a long one: the order is good for a while.
    private var orderedAt: Duration?

    /// For the ids 0..<`count`.
    init(count: Int) { heap = IndexedHeap(count: count) }

    private static let keeps: Duration = .seconds(10)

    var isEmpty: Bool { heap.first == nil }
    /// In no order.
    var ids: some Sequence<Int> { heap.ids }

    func contains(_ id: Int) -> Bool { heap.contains(id) }
    mutating func put(_ id: Int, _ urgency: Urgency) { heap.set(id, urgency) }
    mutating func remove(_ id: Int) { heap.set(id, nil) }

    mutating func popFirst() -> (id: Int, urgency: Urgency)? {
        guard let first = heap.first else { return nil }
        heap.set(first.id, nil)
        return (first.id, first.key)
    }

    /// Whether all should be weighed anew: that was not done lately.
    func isOutOfOrder(at now: Duration) -> Bool { orderedAt.map { now - $0 >= Self.keeps } ?? true }

    mutating func reorder(_ weighed: [(id: Int, urgency: Urgency)], at now: Duration) {
        orderedAt = now
        for one in weighed { heap.set(one.id, one.urgency) }
    }
}
