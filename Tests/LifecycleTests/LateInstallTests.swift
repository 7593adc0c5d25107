import FoundationEssentials
import Testing

@testable import Lifecycle

/// An install that could not be carried through is finished by whoever comes first: a recovery, or the next attempt, which
/// begins with that and tells nobody.
@Suite struct LateInstallTests {
    private let stuck = RenewalFailure(stage: .install, .installStuck, detail: "EIO")

    private func stuckForced(_ web: ManagedCertificate) throws -> TestHost {
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "a1")))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        host.tell(.attemptEnded(web.name, .failed(stuck)))
        return host
    }

    enum Way: CaseIterable { case notNeeded, unchanged, failed }

    @Test(arguments: Way.allCases) func `what the next attempt finishes is told of`(way: Way) throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        let before = way == .notNeeded ? .nothing : web.found(at: host.now.wall, age: .days(70))
        #expect(host.tell(.looked(web.name, before)).plans.count == 1)
        host.tell(.attemptEnded(web.name, .failed(stuck)))
        #expect(host.nextPlan(within: .hours(2), disk: before) != nil)

        let new = web.found(at: host.now.wall, serial: "b2")
        let outcome: AttemptOutcome =
            switch way {
            case .notNeeded: .notNeeded(new)
            case .unchanged: .unchanged(serial: "b2")
            case .failed: .failed(.unavailable)
            }
        var actions = host.tell(.attemptEnded(web.name, outcome))
        if !actions.looks.isEmpty { actions += host.tell(.looked(web.name, new)) }
        actions += host.wait(atMost: .hours(1), found: { _ in new }, for: { ![$0].reloads.isEmpty })
        #expect(actions.reloads.count == 1)
        #expect(try host.status(web.name).lastError?.failure.failureClass != .installStuck)
        host.tell(.reloadEnded([web.name], .succeeded))
        #expect(host.wait(atMost: .hours(7), found: { _ in new }, for: { ![$0].reloads.isEmpty }).isEmpty)
    }

    @Test(arguments: Way.allCases)
    func `what an attempt finishes under an earlier name is told of under the new one`(way: Way) throws {
        let www = try managed("www", reload: "reload it")
        var web = www
        web.name = try named("web")
        var host = try TestHost([www])
        let before = www.found(at: host.now.wall, age: .days(70))
        host.tell(.looked(www.name, before))
        host.tell(.attemptEnded(www.name, .failed(stuck)))
        #expect(host.nextPlan(within: .hours(2), disk: before) != nil)
        host.tell(.configured([web], host.settings))
        host.tell(.looked(web.name, before))
        let new = web.found(at: host.now.wall, serial: "b2")
        let outcome: AttemptOutcome =
            switch way {
            case .notNeeded: .notNeeded(new)
            case .unchanged: .unchanged(serial: "b2")
            case .failed: .failed(.unavailable)
            }
        let actions = host.tell(.attemptEnded(www.name, outcome)) + host.tell(.looked(web.name, new))
        #expect(actions.reloads.map(\.names) == [[web.name]])
    }

    @Test func `a forced renewal whose set stays stuck for a while is not ordered again`() throws {
        let web = try managed("web")
        var host = try stuckForced(web)
        let old = web.found(at: host.now.wall, serial: "a1")
        #expect(host.nextPlan(within: .hours(3), disk: old) != nil)
        let still = RenewalFailure(stage: .key, .installStuck, detail: "EIO")
        host.tell(.attemptEnded(web.name, .failed(still)))
        let new = web.found(at: host.now.wall, serial: "b2")
        #expect(host.tell(.recovered(web.name, new)).plans.isEmpty)
        #expect(host.nextPlan(within: .hours(3), disk: new) == nil)
    }

    @Test func `an attempt whose beginning finishes an install has nothing to order`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        let old = web.found(at: host.now.wall, age: .days(70), serial: "a1")
        #expect(host.tell(.looked(web.name, old)).plans.map(\.earlierOrigin) == [nil])
        host.tell(.attemptEnded(web.name, .failed(stuck)))
        let next = host.nextPlan(within: .hours(2), disk: old)
        let plan = try #require(next)
        #expect(plan.reason == .expiring && plan.earlierOrigin == AttemptOrigin(serial: "a1"))
        var new = web.found(at: host.now.wall, serial: "b2")
        #expect(plan.isFulfilled(by: new) && !plan.isFulfilled(by: old))
        new.key = .mismatch
        #expect(!plan.isFulfilled(by: new))
        new.key = .matches
        host.tell(.attemptEnded(web.name, .notNeeded(new)))
        #expect(host.nextPlan(within: .days(20), disk: new) == nil)
        #expect(try host.status(web.name).state == .valid)
    }

    @Test func `who asks for a renewal gets one, whatever its beginning finishes`() throws {
        let web = try managed("web")
        var host = try stuckForced(web)
        let old = web.found(at: host.now.wall, serial: "a1")
        let plan = host.nextPlan(within: .hours(3), disk: old)
        #expect(try #require(plan).earlierOrigin == nil)
    }

    @Test func `a set that is looked at while it is mixed is told of when it is whole`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try stuckForced(web)
        var mixed = web.found(at: host.now.wall, serial: "b2")
        mixed.key = .mismatch
        #expect(host.wait(.minutes(11)).looks == [web.name])
        #expect(host.tell(.looked(web.name, mixed)).reloads.isEmpty)
        let still = RenewalFailure(stage: .key, .installStuck, detail: "EIO")
        host.tell(.attemptEnded(web.name, .failed(still)))
        let actions = host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(actions.reloads.count == 1)
    }
}
