/// The next deadline of each certificate, in a binary heap with a position for each, so that finding what is due costs
/// nothing while nothing is due, and moving a deadline costs a few swaps.
struct Schedule: Sendable {
    private struct Entry {
        var deadline: Duration
        var id: Int
    }

    private var heap: [Entry] = []
    /// Where each id is in the heap; -1 for nowhere.
    private var positions: [Int]

    /// For the ids 0..<`count`.
    init(count: Int) { positions = Array(repeating: -1, count: count) }

    var next: Duration? { heap.first?.deadline }

    /// Puts, moves or (`nil`) takes away the deadline of `id`.
    mutating func set(_ id: Int, _ deadline: Duration?) {
        let position = positions[id]
        switch (position, deadline) {
        case (-1, nil): return
        case (-1, let deadline?):
            heap.append(Entry(deadline: deadline, id: id))
            positions[id] = heap.count - 1
            rise(heap.count - 1)
        case (_, let deadline?):
            heap[position].deadline = deadline
            rise(position)
            sink(positions[id])
        case (_, nil): remove(at: position)
        }
    }

    /// Takes out one id whose deadline has come.
    mutating func popDue(at now: Duration) -> Int? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        remove(at: 0)
        return first.id
    }

    private mutating func remove(at position: Int) {
        let last = heap.count - 1
        swap(position, last)
        positions[heap.removeLast().id] = -1
        if position < last {
            let moved = heap[position].id
            rise(position)
            sink(positions[moved])
        }
    }

    private mutating func rise(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].deadline <= heap[child].deadline { return }
            swap(parent, child)
            child = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            if least == parent { return }
            swap(parent, least)
            parent = least
        }
    }

    private mutating func swap(_ left: Int, _ right: Int) {
        if left == right { return }
        heap.swapAt(left, right)
        positions[heap[left].id] = left
        positions[heap[right].id] = right
    }
}
