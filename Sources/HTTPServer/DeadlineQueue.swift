/// A binary heap of points in time. Entries are never searched for: who moves a deadline leaves the old entry
/// behind and recognises it when it comes up.
struct DeadlineQueue<Subject> {
    private var heap: [(at: Duration, subject: Subject)] = []

    /// Entries, those that were left behind among them.
    var count: Int { heap.count }

    /// The earliest point in time.
    var next: Duration? { heap.first?.at }

    mutating func insert(_ subject: Subject, at deadline: Duration) {
        heap.append((deadline, subject))
        var index = heap.count - 1
        while index > 0, heap[index].at < heap[(index - 1) / 2].at {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes out the earliest entry if it is due.
    mutating func popDue(_ now: Duration) -> (at: Duration, subject: Subject)? {
        guard let first = heap.first, first.at <= now, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        sink(0)
        return first
    }

    /// Throws entries away.
    mutating func removeAll(where isMeant: (Duration, Subject) -> Bool) {
        heap.removeAll(where: isMeant)
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].at < heap[smallest].at { smallest = child }
            }
            guard smallest != index else { return }
            heap.swapAt(index, smallest)
            index = smallest
        }
    }
}
