import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct SharedCauseTests {
    @Test func `an unreachable broker is probed by one certificate at a time, and all go on when it answers`()
        throws
    {
        let list = try (0..<20).map { try managed("c\($0)") }
        var host = try TestHost(list)
        let running = list.flatMap { host.tell(.looked($0.name, .nothing)).plans }
        #expect(running.count == 8)
        for plan in running {
            #expect(host.tell(.attemptEnded(plan.certificate.name, .failed(.unreachable))).plans.isEmpty)
        }
        #expect(host.snapshot().broker.state == .unreachable)
        #expect(host.snapshot().broker.nextProbeAt != nil)

        var probes = 0
        let end = host.now.boottime + .hours(2)
        var last: AttemptPlan?
        while host.now.boottime < end {
            let actions = host.wait(atMost: .hours(1), found: { _ in .nothing }, for: { ![$0].plans.isEmpty })
            #expect(actions.plans.count == 1)
            probes += 1
            last = actions.plans.first
            if let last { host.tell(.attemptEnded(last.certificate.name, .failed(.unreachable))) }
        }
        #expect(probes >= 24 && probes < 120)
        let status = try host.status(list[19].name)
        #expect(status.why.contains("the broker can't be reached"))
        #expect(status.nextAttemptAt != nil)
        #expect(status.advice == FailureClass.brokerUnreachable.advice)

        let probe = try #require(
            host.wait(atMost: .hours(1), found: { _ in .nothing }, for: { ![$0].plans.isEmpty }).plans.first)
        let issued = probe.certificate.issued(at: host.now.wall)
        let resumed = host.tell(
            .attemptEnded(probe.certificate.name, .installed(IssuedReport(certificate: issued))))
        #expect(resumed.plans.count == 8)
        #expect(resumed.events.contains(.ordersResumed))
    }

    @Test func `any answer of the broker ends the outage`() throws {
        let list = try (0..<3).map { try managed("c\($0)") }
        var host = try TestHost(list) { $0.concurrency = 1 }
        for one in list { host.tell(.looked(one.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.unreachable)))
        let probe = try #require(host.wait(.seconds(30)).plans.first)
        #expect(probe.certificate.name != list[0].name, "another certificate makes the next probe")
        #expect(host.tell(.attemptEnded(probe.certificate.name, .failed(.forbidden))).plans.count == 1)
        #expect(host.snapshot().broker.state != .unreachable)
    }

    @Test func `429 pauses all orders, for as long as asked, then one probe passes`() throws {
        let list = try (0..<10).map { try managed("c\($0)") }
        var host = try TestHost(list) { $0.concurrency = 1 }
        for one in list { host.tell(.looked(one.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.rateLimited(.minutes(20)))))
        #expect(host.snapshot().broker.state == .paused)
        #expect(host.tell(.requested(list[5].name, RenewalID("f"), RenewRequest())).plans.isEmpty)
        #expect(
            host.wait(atMost: .minutes(19), found: { _ in .nothing }, for: { ![$0].plans.isEmpty }).isEmpty)
        let probe = host.wait(atMost: .minutes(2), found: { _ in .nothing }, for: { ![$0].plans.isEmpty })
        #expect(probe.plans.count == 1)
    }

    @Test func `429 without Retry-After pauses two minutes, doubling to fifteen`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        var pauses: [Duration] = []
        for _ in 0..<5 {
            host.tell(.attemptEnded(web.name, .failed(.rateLimited(nil))))
            let start = host.now.boottime
            #expect(
                !host.wait(atMost: .minutes(16), found: { _ in .nothing }, for: { ![$0].plans.isEmpty })
                    .isEmpty)
            pauses.append(host.now.boottime - start)
        }
        #expect(pauses == [.minutes(2), .minutes(4), .minutes(8), .minutes(15), .minutes(15)])
    }

    @Test func `a pause never costs the most urgent certificate more than a quarter of its life`() throws {
        let long = try managed("long")
        let short = try managed("short")
        var host = try TestHost([long, short])
        host.tell(.looked(short.name, short.found(at: host.now.wall, lifetime: .hours(1))))
        host.tell(.looked(long.name, .nothing))
        host.tell(.attemptEnded(long.name, .failed(.rateLimited(.days(1)))))
        let until = try #require(host.snapshot().broker.nextProbeAt)
        #expect(until.timeIntervalSince(host.now.wall) <= 900)
    }

    @Test func `a probe that never got to the broker is followed by another at once`() throws {
        let list = try (0..<3).map { try managed("c\($0)") }
        var host = try TestHost(list) { $0.concurrency = 1 }
        for one in list { host.tell(.looked(one.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.unreachable)))
        let probe = try #require(host.wait(.seconds(30)).plans.first)
        let local = RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "EROFS")
        #expect(host.tell(.attemptEnded(probe.certificate.name, .failed(local))).plans.count == 1)
    }

    @Test func `without an identity nothing is ordered, and the host says why`() throws {
        let web = try managed("web")
        var host = try TestHost([web], enrolled: false)
        #expect(host.setUp.contains(.lookAtIdentity))
        host.tell(.identityLooked(FoundIdentity(pair: .missing)))
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty)
        let snapshot = host.snapshot()
        #expect(snapshot.identity.state == .notEnrolled)
        #expect(snapshot.identity.advice == FailureClass.notEnrolled.advice)
        #expect(
            snapshot.certificates[0].why
                == "the certificate file is missing; waits for a valid identity (not_enrolled)")
        #expect(host.wait(.seconds(10)).contains(.lookAtIdentity), "a new pair is noticed within ten seconds")
        #expect(host.tell(.identityLooked(FoundIdentity(pair: .present(host.identity())))).started == ["web"])
    }

    @Test func `an identity that expires holds the orders until another one is found`() throws {
        let web = try managed("web")
        var host = try TestHost([web], enrolled: false)
        host.tell(.identityLooked(FoundIdentity(pair: .present(host.identity(lifetime: .hours(1))))))
        host.tell(.looked(web.name, .nothing))
        host.now = host.now + .hours(2)
        #expect(host.tell(.attemptEnded(web.name, .failed(.unavailable))).contains(.renewIdentity))
        host.wait(.hours(2))
        #expect(host.snapshot().identity.state == .expired)
        host.tell(.looked(web.name, .nothing))
        let renewed = host.tell(.identityRenewalEnded(.renewed(host.identity())))
        #expect(renewed.started == ["web"])
    }

    @Test func `the identity is renewed in the background, with retries, and warned of once`() throws {
        var host = try TestHost([managed("web")], enrolled: false)
        let facts = host.identity(lifetime: .hours(24))
        let found = FoundIdentity(pair: .present(facts))
        host.tell(.identityLooked(found))
        #expect(!host.wait(.hours(15)).contains(.renewIdentity))
        host.tell(.identityLooked(found))
        #expect(host.wait(.hours(1)).contains(.renewIdentity))
        let down = RenewalFailure(stage: .order, .caUnreachable, detail: "refused")
        var warnings = 0
        var tries = 0
        let end = host.now.boottime + .hours(7)
        var actions = host.tell(.identityRenewalEnded(.failed(down)))
        while host.now.boottime < end {
            warnings += actions.events.count {
                if case .identityCloseToExpiration = $0 { true } else { false }
            }
            let next = try #require(host.state.nextDeadline)
            actions = host.wait(next - host.now.boottime)
            if actions.contains(.lookAtIdentity) { actions += host.tell(.identityLooked(found)) }
            if actions.contains(.renewIdentity) {
                tries += 1
                actions += host.tell(.identityRenewalEnded(.failed(down)))
            }
        }
        #expect(warnings == 1)
        #expect(tries > 10 && tries < 200)
    }

    @Test func `a bootstrap token is used when there is no valid identity`() throws {
        var host = try TestHost([managed("web")], enrolled: false)
        let actions = host.tell(.identityLooked(FoundIdentity(pair: .missing, hasBootstrapToken: true)))
        #expect(actions.contains(.enroll))
        let refused = RenewalFailure(stage: .order, .tokenRefused, detail: "401")
        #expect(!host.tell(.identityRenewalEnded(.failed(refused))).contains(.enroll))
        host.tell(.identityLooked(FoundIdentity(pair: .missing)))
        let fresh = host.tell(.identityLooked(FoundIdentity(pair: .missing, hasBootstrapToken: true)))
        #expect(fresh.contains(.enroll), "a fresh token is tried at once")
    }
}
