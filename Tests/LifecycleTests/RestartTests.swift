import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct RestartTests {
    @Test func `a restart storm orders nothing while a retry waits`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        var record = try #require(host.tell(.attemptEnded(web.name, .failed(.forbidden))).records.last)
        let nextAttempt = try #require(record.nextAttemptAt)
        var now = host.now
        for seed in 0..<200 {
            var restarted = try TestHost([web], records: [web.name: record], seed: UInt64(seed))
            restarted.now = now
            #expect(restarted.tell(.looked(web.name, .nothing)).plans.isEmpty)
            #expect(try restarted.status(web.name).consecutiveFailures == 1)
            now = now + .seconds(10)
            if let stored = restarted.wait(.seconds(10)).records.last { record = stored }
        }
        #expect(now.wall < nextAttempt)
        var last = try TestHost([web], records: [web.name: record])
        last.tell(.looked(web.name, .nothing))
        let plan = last.nextPlan(within: .hours(1))
        #expect(plan != nil)
    }

    @Test func `a wish and a possible order survive a restart`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest(rotateKey: true)))
        let record = try #require(host.tell(.attemptEnded(web.name, .failed(.issuance))).records.last)
        var restarted = try TestHost([web], records: [web.name: record])
        let found = web.found(at: host.now.wall)
        #expect(restarted.tell(.looked(web.name, found)).plans.isEmpty)
        #expect(restarted.tell(.requested(web.name, RenewalID("g"), RenewRequest())).plans.isEmpty)
        #expect(restarted.wait(.seconds(91)).plans.first?.reason == .requested)
        #expect(try restarted.status(web.name).ordersLast7Days == 1)
    }

    @Test func `a wait that was written by a wrong clock is bounded`() throws {
        let web = try managed("web")
        var record = CertificateRecord()
        record.nextAttemptAt = Date(timeIntervalSince1970: 4_000_000_000)
        var host = try TestHost([web], records: [web.name: record])
        host.tell(.looked(web.name, .nothing))
        #expect(
            host.nextPlan(within: .hours(25)) != nil)
    }

    @Test func `a removed certificate finishes its attempt, and its record waits for its return`() throws {
        let stays = try managed("stays")
        let goes = try managed("goes")
        var host = try TestHost([stays, goes])
        host.tell(.looked(stays.name, stays.found(at: host.now.wall)))
        host.tell(.looked(goes.name, .nothing))
        host.tell(.configured([stays], host.settings))
        #expect(host.snapshot().certificates.count == 2)
        host.tell(.attemptEnded(goes.name, .failed(.forbidden)))
        #expect(host.snapshot().certificates.map(\.name) == [stays.name])
        let back = host.tell(.configured([stays, goes], host.settings))
        #expect(back.looks.contains(goes.name))
        #expect(host.tell(.looked(goes.name, .nothing)).plans.isEmpty, "its retry still waits")
        #expect(try host.status(goes.name).consecutiveFailures == 1)
    }

    @Test func `changed names are ordered, and a look at the old files is not believed`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        var changed = web
        changed.dnsNames = try #require(DNSNameSet([DNSName(validating: "new.example.test")]))
        #expect(host.tell(.configured([changed], host.settings)).looks == [web.name])
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty, "of the first configuration")
        let plan = host.tell(.looked(web.name, web.found(at: host.now.wall))).plans.first
        #expect(plan?.reason == .namesChanged)
        #expect(plan?.certificate == changed)
    }

    @Test func `a configuration that changes nothing disturbs nothing`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let actions = host.tell(.configured([web], host.settings))
        #expect(actions.plans.isEmpty && actions.looks.isEmpty)
        #expect(try host.status(web.name).state == .renewing)
    }

    @Test func `a wall clock set forward makes due what is due by it, waits stay as they were`() throws {
        let list = try ["due", "waits"].map { try managed($0) }
        var host = try TestHost(list)
        host.tell(.looked(list[0].name, list[0].found(at: host.now.wall)))
        host.tell(.looked(list[1].name, .nothing))
        host.tell(.attemptEnded(list[1].name, .failed(.forbidden)))
        host.now.wall += 70 * 86_400
        #expect(host.tell(.tick).started == [])
        let actions = host.confirmClock()
        #expect(actions.started == ["due"])
        #expect(actions.events.contains { if case .clockStepped = $0 { true } else { false } })
    }
}

/// Found by the simulation.
@Suite struct CutOffTests {
    @Test func `an attempt that dies with the process counts as an order and is waited for`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        let actions = host.tell(.looked(web.name, .nothing))
        #expect(actions.plans.count == 1)
        let record = try #require(actions.records.last)

        host.now = host.now + .seconds(20)
        var next = try TestHost([web], records: [web.name: record])
        next.now = host.now
        #expect(next.setUp.records.first?.orders.count(at: next.now.wall) == 1)
        #expect(next.setUp.records.first?.attemptUnderWaySince == nil)
        #expect(next.tell(.looked(web.name, .nothing)).plans.isEmpty)
        #expect(try next.status(web.name).ordersLast7Days == 1)
        #expect(next.nextPlan(within: .minutes(3)) != nil)
    }

    @Test func `an order that a host sent after it was suspended is waited for from then`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        host.now = host.now + .seconds(20)
        #expect(host.tell(.attemptStep(web.name, .key)).records.isEmpty)
        host.now = host.now + .minutes(5)
        let record = try #require(host.tell(.attemptStep(web.name, .order)).records.last)

        var next = try TestHost([web], records: [web.name: record], at: host.now + .seconds(5))
        #expect(next.tell(.looked(web.name, .nothing)).plans.isEmpty)
        #expect(next.wait(.seconds(80)).plans.isEmpty)
        #expect(next.nextPlan(within: .minutes(3)) != nil)
    }

    @Test func `an order that was cut off long ago is counted and no longer waited for`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        let record = try #require(host.tell(.looked(web.name, .nothing)).records.last)

        var next = try TestHost([web], records: [web.name: record], at: host.now + .minutes(4))
        #expect(next.setUp.records.first?.orders.count(at: next.now.wall) == 1)
        #expect(next.tell(.looked(web.name, .nothing)).plans.count == 1)
    }

    @Test func `a storm of restarts in the middle of attempts stays inside the budget`() throws {
        let web = try managed("web")
        var records: [CertificateName: CertificateRecord] = [:]
        var now = try TestHost([web]).now
        var starts = 0
        for round in 0..<200 {
            var host = HostState(seed: UInt64(round), records: records)
            var actions = host.handle(
                .configured([web], LifecycleSettings(identityName: "h", brokers: [.first])), at: now)
            let identity = IdentityFacts(
                name: "h", serial: "1", issuer: "CA", notBefore: now.wall, notAfter: now.wall + 86_400)
            actions += host.handle(.identityLooked(FoundIdentity(pair: .present(identity))), at: now)
            actions += host.handle(.looked(web.name, .nothing), at: now)
            for record in actions.records { records[web.name] = record }
            starts += actions.plans.count
            now = now + .minutes(2)
        }
        #expect(starts == 5)
    }

    @Test func `the longest of several pauses is kept`() throws {
        let list = try ["a", "b"].map { try managed($0) }
        var host = try TestHost(list)
        for one in list { host.tell(.looked(one.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.rateLimited(.seconds(10)))))
        host.tell(.attemptEnded(list[1].name, .failed(.rateLimited(.hours(2)))))
        #expect(host.nextPlan(within: .minutes(110)) == nil)
        #expect(host.nextPlan(within: .minutes(20)) != nil)
    }

    @Test func `a pause that a broker asked for holds all orders to it also after a restart`() throws {
        let list = try ["a", "b", "c"].map { try managed($0) }
        for brokers in [[BrokerAddress.first], [.first, .second]] {
            var host = try TestHost(list) {
                $0.concurrency = 1
                $0.brokers = brokers
            }
            for one in list { host.tell(.looked(one.name, .nothing)) }
            let records = host.tell(.attemptEnded(list[0].name, .failed(.rateLimited(.hours(2))))).records
            let record = try #require(records.last { $0.lastError != nil })
            var restarted = try TestHost(list, records: [list[0].name: record], at: host.now + .minutes(30)) {
                $0.brokers = brokers
            }
            let plans = list.flatMap { restarted.tell(.looked($0.name, .nothing)).plans }
            #expect(plans.allSatisfy { $0.broker == .second })
            #expect(plans.isEmpty == (brokers == [.first]))
            #expect(restarted.snapshot().broker.brokers.first?.state == .paused)
            if brokers == [.first] {
                #expect(restarted.nextPlan(within: .minutes(89)) == nil)
                #expect(restarted.nextPlan(within: .minutes(2)) != nil)
            }
        }
    }

    @Test func `a wait survives a restart while the clock is behind the last success`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        var record = CertificateRecord()
        record.lastSuccessAt = host.now.wall + 86_400
        record.lastError = RecordedError(failure: .forbidden, at: host.now.wall)
        record.nextAttemptAt = host.now.wall + 1800
        host = try TestHost([web], records: [web.name: record])
        host.tell(.looked(web.name, .nothing))
        host.confirmClock()
        #expect(host.nextPlan(within: .minutes(29)) == nil)
        #expect(host.nextPlan(within: .minutes(2)) != nil)
    }

    @Test func `a spent budget holds for as long after the clock is set`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        for _ in 0..<5 {
            host.tell(.attemptEnded(web.name, .failed(.issuance)))
            _ = host.nextPlan(within: .hours(2))
        }
        host.now.wall += 20 * 3600
        host.tell(.looked(web.name, .nothing))
        host.confirmClock()
        host.now.wall -= 20 * 3600
        host.tell(.tick)
        host.confirmClock()
        #expect(host.nextPlan(within: .hours(30)) == nil)
        #expect(host.nextPlan(within: .hours(6)) != nil)
    }

    @Test func `the next reload is shown by the clock as it goes now`() throws {
        let web = try managed("web", reload: "reload")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.reloadRequested(web.name, RenewalID("r")))
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let failure = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")
        host.tell(.reloadEnded([web.name], .failed(failure)))
        host.now.wall += 3600
        host.tell(.tick)
        host.confirmClock()
        #expect(try host.status(web.name).reload.nextAttemptAt == host.now.wall + 30)
    }

    @Test func `damage during the wait after an unchanged answer is mended at once`() throws {
        let web = try managed("web", reusesKey: true)
        var host = try TestHost([web])
        let old = web.found(at: host.now.wall, age: .days(70))
        host.tell(.looked(web.name, old))
        host.tell(.attemptEnded(web.name, .unchanged(serial: "a1")))
        #expect(host.nextPlan(within: .hours(1), disk: old) == nil)
        var damaged = old
        damaged.key = .missing
        #expect(host.nextPlan(within: .minutes(11), disk: damaged)?.reason == .keyMissing)
    }
}
