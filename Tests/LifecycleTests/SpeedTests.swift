import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct SpeedTests {
    /// A bound that only a change of order can break: an optimised build takes a few hundred nanoseconds for each input.
    @Test func `the cost of an input does not grow with the host`() throws {
        /// Of ticks and steps, in seconds.
        func perInput(_ count: Int) throws -> Double {
            let list = try (0..<count).map { try managed("c\($0)") }
            var host = try TestHost(list)
            for one in list { host.tell(.looked(one.name, one.found(at: host.now.wall))) }
            _ = host.snapshot()
            let clock = ContinuousClock()
            let inputs = 4000
            let took = clock.measure {
                for step in 0..<inputs {
                    host.now = host.now + .milliseconds(1)
                    host.tell(step % 2 == 0 ? .tick : .attemptStep(list[step % count].name, .order))
                }
            }
            return took.seconds / Double(inputs)
        }
        let small = try perInput(50)
        let large = try perInput(2000)
        #expect(large < small * 10 + 20e-6)
    }
}
