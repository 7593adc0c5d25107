import Testing

@testable import HTTPServer

@Suite struct DeadlineQueueTests {
    private func drained(_ queue: DeadlineQueue<Int>) -> [Int] {
        var (queue, subjects) = (queue, [Int]())
        while let (_, subject) = queue.popDue(.seconds(1 << 20)) { subjects.append(subject) }
        return subjects
    }

    @Test func `entries come out in the order of their deadlines, and none before its own`() {
        var queue = DeadlineQueue<Int>()
        for number in 0..<1000 { queue.insert(number * 7919 % 1000, at: .seconds(number * 7919 % 1000)) }
        #expect(queue.popDue(.milliseconds(-1)) == nil)
        #expect(drained(queue) == Array(0..<1000))
    }

    @Test func `what is thrown away is gone, and the rest keeps its order`() {
        var queue = DeadlineQueue<Int>()
        for number in 0..<1000 { queue.insert(number, at: .seconds(number * 7919 % 1000)) }
        let order = drained(queue)
        queue.removeAll { _, subject in subject % 10 != 3 }
        #expect(queue.count == 100)
        #expect(drained(queue) == order.filter { $0 % 10 == 3 })
        queue.removeAll { _, _ in true }
        #expect(queue.next == nil)
    }
}
