import Testing

@testable import Lifecycle

@Suite struct ScheduleTests {
    @Test func `deadlines come out in order, after any moves and removals`() {
        var random = SplitMix(seed: 3)
        var schedule = Schedule(count: 100)
        var model: [Int: Duration] = [:]
        for _ in 0..<5000 {
            let id = Int.random(in: 0..<100, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                schedule.set(id, nil)
                model[id] = nil
            } else {
                let deadline: Duration = .seconds(Int.random(in: 0..<1000, using: &random))
                schedule.set(id, deadline)
                model[id] = deadline
            }
            #expect(schedule.next == model.values.min())
        }
        var last = Duration.zero
        while let id = schedule.popDue(at: .seconds(1000)) {
            let deadline = model.removeValue(forKey: id) ?? .zero
            #expect(deadline >= last)
            last = deadline
        }
        #expect(model.isEmpty)
    }

    @Test func `nothing is due before its time`() {
        var schedule = Schedule(count: 1)
        schedule.set(0, .seconds(10))
        #expect(schedule.popDue(at: .seconds(9)) == nil)
        #expect(schedule.popDue(at: .seconds(10)) == 0)
        #expect(schedule.next == nil)
    }
}
