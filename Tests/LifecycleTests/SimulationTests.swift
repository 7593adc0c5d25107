import Simulation
import Testing

@Suite struct SimulationTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `in a world where everything fails the rules hold`(seed: UInt64) throws {
        var plan = SimulationPlan(years: 0.4, hosts: 5, certificates: 10, seed: seed)
        plan.auditInterval = 256
        let report = try Simulation(plan).run()
        #expect(report.violation == nil, "seed \(seed)\n\(report.trace.joined(separator: "\n"))")
        #expect(report.installs > 20)
        #expect(report.possibleOrders > 20)
        #expect(report.failedReloads > 20)
        #expect(report.starts > 10)
    }

    @Test func `a fleet that was set up in one second is not renewed in one`() throws {
        #expect(try Simulation.herd(SimulationPlan(years: 1, hosts: 20, certificates: 4, seed: 1)) == nil)
    }

    @Test func `a seed gives the same course each time`() throws {
        let plan = SimulationPlan(years: 0.2, hosts: 3, certificates: 8, seed: 4)
        let reports = try (0..<2).map { _ in try Simulation(plan).run() }
        #expect(reports[0] == reports[1])
        #expect(reports[0].inputs > 1000)
    }

    /// Each fault with the rules that it breaks; which of them is seen first is chance.
    private static let faults: [(fault: Sabotage, rules: [Violation.Rule])] = [
        (.unclampedWindow, [.expiredInGoodTime, .neverHealed, .renewedTooSoon]),
        (.freshKeyOnRetry, [.newKeyForSameOrder]),
        (.lostBackoff, [.possibleOrderNotAwaited, .retryTooEarly]),
        (.forgottenReload, [.reloadForgotten]),
        (.ignoredRetryAfter, [.pauseBroken]),
        (.ignoredBudget, [.overBudget]),
        (.probePerCertificate, [.manyProbes]),
        (.unnoticedPossibleOrder, [.possibleOrderNotAwaited, .snapshotWrong, .overBudget]),
        (.queuedRequests, [.uncalledRenewal]),
        (.oversleeping, [.deadlineMissed]),
        (.openGate, [.reloadInOpenSection]),
        (.unnotedAttempt, [.possibleOrderNotAwaited, .overBudget, .snapshotWrong]),
        (.sleepyClock, [.deadlineMissed]),
        (.staleLooks, [.deadlineMissed, .neverHealed, .snapshotWrong, .expiredInGoodTime]),
        (.lostOutcome, [.snapshotWrong, .reloadForgotten]),
        (.hastyFailover, [.otherBrokerTooSoon, .snapshotWrong, .overBudget, .possibleOrderNotAwaited]),
        (.hedgedOrders, [.twoRequests]),
        (.parrotedTime, [.renewedTooSoon]),
        (.lostQuestion, [.expiredInGoodTime, .neverHealed, .deadlineMissed]),
    ]

    @Test(arguments: faults)
    func `a fault put in on purpose is found`(fault: Sabotage, rules: [Violation.Rule]) throws {
        let found = (1...3).lazy.compactMap { (seed: UInt64) -> Violation? in
            var plan = SimulationPlan(years: 0.5, hosts: 5, certificates: 8, seed: seed)
            plan.sabotage = fault
            plan.auditInterval = 256
            return try? Simulation(plan).run().violation
        }.first
        let violation = try #require(found)
        #expect(rules.contains(violation.rule), "\(violation)")
    }

    @Test func `a fleet without the hosts' own shifts is found`() throws {
        var plan = SimulationPlan(years: 1, hosts: 20, certificates: 2, seed: 1)
        plan.sabotage = .herd
        #expect(try Simulation.herd(plan)?.rule == .herd)
    }
}
