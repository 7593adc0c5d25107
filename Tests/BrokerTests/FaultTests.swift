import Testing

@testable import Broker

@Suite struct `Fault specs` {
    @Test(arguments: [
        ("hang", FaultSpec(.hang)),
        ("latency:500ms", FaultSpec(.latency(.milliseconds(500)))),
        ("rate-limited:30s@www", FaultSpec(.rateLimited(retryAfter: .seconds(30)), profile: "www")),
        ("forbidden@c0003x2", FaultSpec(.forbidden, profile: "c0003", count: 2)),
        ("lost-answerx1", FaultSpec(.lostAnswer, count: 1)),
        ("too-large", FaultSpec(.tooLarge)),
    ])
    func `a spec is read`(text: String, spec: FaultSpec) throws {
        #expect(try FaultSpec(parsing: text) == spec)
    }

    @Test(arguments: [
        ("", FaultSpecProblem.unknown("")),
        ("explode", .unknown("explode")),
        ("latency", .argumentMissing("latency")),
        ("latency:soon", .notADuration("latency", "soon")),
        ("hang:3s", .noArgument("hang")),
        ("hangx0", .notACount("hangx0")),
        ("hang@", .emptyProfile("hang@")),
    ])
    func `a mistake is named`(text: String, problem: FaultSpecProblem) {
        #expect(throws: problem) { _ = try FaultSpec(parsing: text) }
    }

    @Test func `every fault of the catalogue can be asked for`() throws {
        for (entry, _) in LabFault.catalogue {
            let parts = entry.split(separator: ":")
            _ = try FaultSpec(parsing: parts.count > 1 ? "\(parts[0]):1s" : entry)
        }
    }
}

@Suite struct `The plan of faults` {
    @Test func `a count is used up by the profile it is for`() {
        var plan = FaultPlan([FaultSpec(.forbidden, profile: "a", count: 2)])
        #expect(plan.strike("b").fault == nil)
        #expect(plan.strike("a").fault == .forbidden)
        #expect(plan.strike("a").fault == .forbidden)
        #expect(plan.strike("a").fault == nil)
    }

    @Test func `latencies add up and the first other fault strikes`() {
        var plan = FaultPlan([
            FaultSpec(.latency(.seconds(1))), FaultSpec(.hang, count: 1), FaultSpec(.forbidden),
            FaultSpec(.latency(.seconds(2)), profile: "a"),
        ])
        #expect(plan.strike("a") == .init(latency: .seconds(3), fault: .hang))
        #expect(plan.strike("b") == .init(latency: .seconds(1), fault: .forbidden))
    }

    @Test func `a file of specs keeps its good lines and reports the others`() {
        var (plan, problems) = FaultPlan.parse("# off:\n\n  hang @a \nexplode\nforbidden\n")
        #expect(problems == [.unknown("explode")])
        #expect(plan.strike("a").fault == .hang)
        #expect(plan.strike("b").fault == .forbidden)
    }
}
