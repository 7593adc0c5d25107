/// Ids with a key each in a binary heap, the least first, with a position for each id, so that changing a key costs a few
/// swaps. Of equal keys the least id comes first.
struct IndexedHeap<Key: Comparable & Sendable>: Sendable {
    private struct Entry {
        var key: Key
        var id: Int

        func comes(before other: Entry) -> Bool { key == other.key ? id < other.id : key < other.key }
    }

    private var heap: [Entry] = []
    /// Where each id is in the heap; -1 for nowhere.
    private var positions: [Int]

    /// For the ids 0..<`count`.
    init(count: Int) { positions = Array(repeating: -1, count: count) }

    var first: (id: Int, key: Key)? { heap.first.map { ($0.id, $0.key) } }

    /// In no order.
    var ids: some Sequence<Int> { heap.lazy.map(\.id) }

    func contains(_ id: Int) -> Bool { positions[id] >= 0 }

    /// Puts, moves or (`nil`) takes away the key of `id`.
    mutating func set(_ id: Int, _ key: Key?) {
        let position = positions[id]
        switch (position, key) {
        case (-1, nil): return
        case (-1, let key?):
            heap.append(Entry(key: key, id: id))
            positions[id] = heap.count - 1
            rise(heap.count - 1)
        case (_, let key?):
            heap[position].key = key
            rise(position)
            sink(positions[id])
        case (_, nil): remove(at: position)
        }
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
            guard heap[child].comes(before: heap[parent]) else { return }
            swap(parent, child)
            child = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2 where child < heap.count {
                if heap[child].comes(before: heap[least]) { least = child }
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
