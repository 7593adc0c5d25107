/// The next deadline of each certificate, so that finding what is due costs nothing while nothing is due.
typealias Schedule = IndexedHeap<Duration>

extension Schedule {
    var next: Duration? { first?.key }

    /// Takes out one id whose deadline has come.
    mutating func popDue(at now: Duration) -> Int? {
        guard let first, first.key <= now else { return nil }
        set(first.id, nil)
        return first.id
    }
}
