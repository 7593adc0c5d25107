/// What the world has in store for a host, earliest first; what is due at the same time comes in the order in which it
/// was put in.
struct EventQueue<Event> {
    private struct Entry {
        var at: Duration
        var number: Int
        var event: Event

        func comes(before other: Entry) -> Bool { (at, number) < (other.at, other.number) }
    }

    private var heap: [Entry] = []
    private var count = 0

    var next: Duration? { heap.first?.at }

    mutating func put(_ event: Event, at time: Duration) {
        count += 1
        heap.append(Entry(at: time, number: count, event: event))
        var child = heap.count - 1
        while child > 0, heap[child].comes(before: heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func take() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return first.event }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].comes(before: heap[least]) { least = child }
            }
            if least == parent { return first.event }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
