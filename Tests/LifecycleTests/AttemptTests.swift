import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct AttemptTests {
    @Test
    func `a missing certificate is looked at, ordered and installed, and then left alone until its window`()
        throws
    {
        let web = try managed("web")
        var host = try TestHost([web])
        #expect(host.setUp.looks == [web.name])
        let plan = try #require(host.tell(.looked(web.name, .nothing)).plans.first)
        #expect(plan.reason == .missing)
        #expect(plan.rotatesKey)
        #expect(try host.status(web.name).state == .renewing)
        host.tell(
            .attemptEnded(web.name, .installed(IssuedReport(certificate: web.issued(at: host.now.wall)))))
        let status = try host.status(web.name)
        #expect(status.state == .valid)
        #expect(status.ordersLast7Days == 1)
        #expect(status.renewals.succeeded == 1)

        let installed = web.found(at: host.now.wall)
        let start = host.now.boottime
        let next = host.wait(
            atMost: .days(90), found: { _ in installed }, for: { [$0].plans.isEmpty == false })
        #expect(next.plans.first?.reason == .expiring)
        let age = host.now.boottime - start
        #expect(age <= .days(60) && age >= .days(59))
    }

    @Test func `a forced renewal starts at once, and a second request joins it`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let one = RenewalID("one")
        let two = RenewalID("two")
        let plan = try #require(
            host.tell(.requested(web.name, one, RenewRequest(reason: "drill"))).plans.first)
        #expect(plan.id == one)
        #expect(plan.reason == .requested)
        #expect(host.tell(.requested(web.name, two, RenewRequest())).plans.isEmpty)
        host.tell(.attemptStep(web.name, .key))
        host.now = host.now + .seconds(2)
        host.tell(.attemptStep(web.name, .order))
        host.now = host.now + .seconds(3)
        let issued = web.issued(at: host.now.wall, serial: "b2")
        let after = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        #expect(after.plans.isEmpty)
        let record = try #require(host.snapshot().renewal(two))
        #expect(record.id == one)
        #expect(record.state == .succeeded)
        #expect(record.serial == "b2")
        #expect(record.requestReason == "drill")
        #expect(record.steps.map(\.stage) == [.key, .order])
        #expect(record.steps.map(\.took) == [.seconds(2), .seconds(3)])
        #expect(host.wait(.hours(1)).plans.isEmpty)
    }

    @Test func `requests that wait in the queue collapse into one`() throws {
        let one = try managed("one")
        let two = try managed("two")
        var host = try TestHost([one, two]) { $0.concurrency = 1 }
        host.tell(.looked(one.name, .nothing))
        host.tell(.looked(two.name, two.found(at: host.now.wall)))
        for text in ["a", "b", "c"] { host.tell(.requested(two.name, RenewalID(text), RenewRequest())) }
        #expect(try host.status(two.name).state == .waiting)
        let actions = host.tell(
            .attemptEnded(one.name, .installed(IssuedReport(certificate: one.issued(at: host.now.wall)))))
        #expect(actions.started == ["two"])
        host.tell(
            .attemptEnded(two.name, .installed(IssuedReport(certificate: two.issued(at: host.now.wall)))))
        for text in ["a", "b", "c"] { #expect(host.snapshot().renewal(RenewalID(text))?.state == .succeeded) }
        #expect(host.wait(.minutes(5)).plans.isEmpty)
    }

    @Test func `a wish that the running attempt can't fulfil gets its own`() throws {
        let web = try managed("web", reusesKey: true)
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let first = host.tell(.requested(web.name, RenewalID("keep"), RenewRequest()))
        #expect(first.plans.first?.rotatesKey == false)
        #expect(
            host.tell(.requested(web.name, RenewalID("rotate"), RenewRequest(rotateKey: true))).plans.isEmpty)
        let second = host.tell(.attemptEnded(web.name, .unchanged(serial: "a1")))
        #expect(second.plans.first?.rotatesKey == true)
        #expect(second.plans.first?.id == RenewalID("rotate"))
        #expect(host.snapshot().renewal(RenewalID("keep"))?.state == .unchanged)
    }

    @Test func `a key that is to be kept outlives a lost certificate and a torn one, and nothing else of it`()
        throws
    {
        let cases: [(FoundLeaf, FoundKey, reuses: Bool, rotates: Bool)] = [
            (.missing, .mismatch, true, false), (.missing, .missing, true, false),
            (.unreadable("torn"), .mismatch, true, false),
            (.missing, .mismatch, false, true), (.unreadable("torn"), .mismatch, false, true),
        ]
        for (leaf, key, reuses, rotates) in cases {
            let web = try managed("web", reusesKey: reuses)
            var host = try TestHost([web])
            let actions = host.tell(.looked(web.name, FoundCertificate(certificate: leaf, key: key)))
            #expect(actions.plans.first?.rotatesKey == rotates, "\(leaf) \(reuses)")
        }
        let web = try managed("web", reusesKey: true)
        for (key, rotates) in [(FoundKey.missing, true), (.mismatch, true), (.unreadable("EMFILE"), false)] {
            var host = try TestHost([web])
            var found = web.found(at: host.now.wall)
            found.key = key
            #expect(host.tell(.looked(web.name, found)).plans.first?.rotatesKey == rotates, "\(key)")
        }
    }

    @Test func `a request that joined a renewal which has ended meanwhile begins none`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let running = try #require(host.snapshot().certificate(web.name)?.currentRenewal)
        host.tell(
            .attemptEnded(web.name, .installed(IssuedReport(certificate: web.issued(at: host.now.wall)))))
        #expect(host.tell(.requested(web.name, running, RenewRequest())).plans.isEmpty)
        #expect(host.wait(.minutes(5)).plans.isEmpty)
        #expect(host.snapshot().renewals.map(\.state) == [.succeeded])
    }

    @Test
    func `the least part of life left goes first, and what is due by itself before what is only asked for`()
        throws
    {
        let list = try ["forced", "gone", "half", "late", "busy"].map { try managed($0) }
        var host = try TestHost(list) { $0.concurrency = 1 }
        let now = host.now.wall
        host.tell(.looked(list[4].name, .nothing))
        host.tell(.requested(list[0].name, RenewalID("f"), RenewRequest()))
        host.tell(.looked(list[0].name, list[0].found(at: now, age: .days(89))))
        host.tell(.looked(list[2].name, list[2].found(at: now, age: .days(70))))
        host.tell(.looked(list[3].name, list[3].found(at: now, age: .days(80))))
        host.tell(.looked(list[1].name, .nothing))
        // The forced one is inside its window too: by its life it comes before the others.
        var order: [String] = []
        var running = "busy"
        for _ in 0..<4 {
            let name = try named(running)
            let wanted = try managed(running)
            let issued = wanted.issued(at: now, serial: "b2")
            running = try #require(
                host.tell(.attemptEnded(name, .installed(IssuedReport(certificate: issued)))).started.first)
            order.append(running)
        }
        #expect(order == ["gone", "forced", "late", "half"])
    }

    @Test func `a fresh certificate's forced renewal waits for all that are due`() throws {
        let list = try ["a", "b", "c"].map { try managed($0) }
        var host = try TestHost(list) { $0.concurrency = 1 }
        let now = host.now.wall
        host.tell(.looked(list[0].name, list[0].found(at: now)))
        host.tell(.looked(list[2].name, .nothing))
        host.tell(.requested(list[0].name, RenewalID("f"), RenewRequest()))
        host.tell(.looked(list[1].name, list[1].found(at: now, age: .days(61))))
        let next = host.tell(.attemptEnded(list[2].name, .failed(.unavailable)))
        #expect(next.started == ["b"])
    }

    @Test func `no more renewals run at once than allowed`() throws {
        let list = try (0..<20).map { try managed("c\($0)") }
        var host = try TestHost(list)
        var started = 0
        for one in list { started += host.tell(.looked(one.name, .nothing)).plans.count }
        #expect(started == 8)
    }

    @Test func `403 for one of ten leaves nine issued, and the tenth tries at the cap`() throws {
        let list = try (0..<10).map { try managed("c\($0)") }
        var host = try TestHost(list)
        var running = list.flatMap { host.tell(.looked($0.name, .nothing)).plans }
        while let plan = running.popLast() {
            let name = plan.certificate.name
            let isRefused = name.text == "c4"
            let issued = plan.certificate.issued(at: host.now.wall)
            running +=
                host.tell(
                    .attemptEnded(
                        name, isRefused ? .failed(.forbidden) : .installed(IssuedReport(certificate: issued)))
                ).plans
        }
        let states = host.snapshot().certificates.map(\.state)
        #expect(states.filter { $0 == .valid }.count == 9)
        let refused = try host.status(named("c4"))
        #expect(refused.state == .missing)
        #expect(refused.advice == FailureClass.forbidden.advice)
        let wait = try #require(refused.nextAttemptAt).timeIntervalSince(host.now.wall)
        #expect(wait >= 54 * 60 && wait <= 3600)
    }

    @Test func `a lost answer is followed by a try for the same key after the minimum, even when asked for`()
        throws
    {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let lost = RenewalFailure(stage: .order, .connectionLost, detail: "eof", isPossibleOrder: true)
        host.tell(.attemptEnded(web.name, .failed(lost)))
        #expect(try host.status(web.name).ordersLast7Days == 1)
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).plans.isEmpty)
        #expect(host.wait(.seconds(89)).plans.isEmpty)
        let plan = try #require(host.wait(.seconds(2)).plans.first)
        #expect(plan.rotatesKey && !plan.retiresPendingKey)
        let report = IssuedReport(certificate: web.issued(at: host.now.wall), wasCached: true)
        host.tell(.attemptEnded(web.name, .installed(report)))
        #expect(try host.status(web.name).ordersLast7Days == 1)
    }

    @Test func `an order whose certificate can't be installed has cost one, and nobody is waited for`() throws
    {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        var failure = RenewalFailure.fullDisk
        failure.placedOrder = true
        let ended = host.tell(.attemptEnded(web.name, .failed(failure)))
        let record = try #require(ended.records.last)
        #expect(record.possibleOrderUntil == nil && record.unansweredOrder == nil)
        let status = try host.status(web.name)
        #expect(status.ordersLast7Days == 1)
        #expect(status.why.contains("the last try failed at the step install (disk_full)"), "\(status.why)")
        let wait = try #require(status.nextAttemptAt).timeIntervalSince(host.now.wall)
        #expect(wait <= 30)

        // For the same key, so that the broker has the certificate at hand.
        let plan = try #require(host.wait(.seconds(30)).plans.first)
        #expect(plan.rotatesKey && !plan.retiresPendingKey)
        host.tell(.attemptEnded(web.name, .failed(.fullDisk)))
        #expect(try host.status(web.name).ordersLast7Days == 1)
        let report = IssuedReport(certificate: web.issued(at: host.now.wall), wasCached: true)
        host.wait(.minutes(1))
        host.tell(.attemptEnded(web.name, .installed(report)))
        #expect(try host.status(web.name).ordersLast7Days == 1)
    }

    @Test func `a request does not wait for a broker that has answered`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        host.tell(.attemptEnded(web.name, .failed(.fullDisk)))
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).started == ["web"])
    }

    @Test func `a forced renewal that failed for the moment is tried again, one that was refused is not`()
        throws
    {
        let web = try managed("web")
        var host = try TestHost([web])
        let found = web.found(at: host.now.wall)
        host.tell(.looked(web.name, found))
        host.tell(.requested(web.name, RenewalID("one"), RenewRequest()))
        let failed = host.tell(.attemptEnded(web.name, .failed(.unavailable)))
        #expect(failed.records.last?.request != nil)
        #expect(host.snapshot().renewal(RenewalID("one"))?.state == .failed)
        #expect(try host.status(web.name).state == .failing)
        #expect(host.wait(.seconds(31)).started == ["web"])
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        #expect(try host.status(web.name).state == .valid)
        #expect(try host.status(web.name).consecutiveFailures == 0)
        let further = host.nextPlan(within: .days(1), disk: found)
        #expect(further == nil)
    }

    @Test func `a request does not wait for what earlier failures caused`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).started == ["web"])
    }

    @Test func `an unchanged answer is asked for again slowly`() throws {
        let web = try managed("web", reusesKey: true)
        var host = try TestHost([web])
        let found = web.found(at: host.now.wall, age: .days(70))
        host.tell(.looked(web.name, found))
        let ended = host.tell(.attemptEnded(web.name, .unchanged(serial: "a1")))
        #expect(ended.reloads.isEmpty)
        let start = host.now.boottime
        let next = host.wait(atMost: .days(2), found: { _ in found }, for: { ![$0].plans.isEmpty })
        #expect(!next.isEmpty)
        #expect(host.now.boottime - start >= .hours(6))
    }

    @Test func `what is due again the moment it is installed is not ordered in a loop`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let stale = web.issued(at: host.now.wall, age: .days(80))
        var starts = 0
        var actions = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: stale))))
        let end = host.now.boottime + .hours(10)
        let found = web.found(at: host.now.wall, age: .days(80))
        while host.now.boottime < end {
            starts += actions.plans.count
            if !actions.plans.isEmpty {
                actions = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: stale))))
            } else {
                actions = host.wait(atMost: .hours(1), found: { _ in found }, for: { ![$0].plans.isEmpty })
            }
        }
        #expect(starts >= 4 && starts <= 10)
        #expect(try host.status(web.name).lastError?.failure.failureClass == .dueAgain)
        #expect(try host.status(web.name).state == .failing)
    }

    @Test func `the same refused bundle twice retires the pending key`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let bad = RenewalFailure(stage: .checks, .brokenChain, detail: "no path", refusedSerial: "bad")
        host.tell(.attemptEnded(web.name, .failed(bad)))
        let second = host.nextPlan(within: .hours(1))
        #expect(second?.retiresPendingKey == false)
        host.tell(.attemptEnded(web.name, .failed(bad)))
        let third = host.nextPlan(within: .hours(1))
        #expect(third?.retiresPendingKey == true)
        host.tell(.attemptEnded(web.name, .failed(.fullDisk)))
        let fourth = host.nextPlan(within: .hours(1))
        #expect(fourth?.retiresPendingKey == false)
    }

    @Test func `orders over the budget wait, but for those that are asked for all the same`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        for _ in 0..<4 {
            host.tell(.attemptEnded(web.name, .failed(.issuance)))
            let next = host.nextPlan(within: .hours(2))
            #expect(next != nil)
        }
        let ended = host.tell(.attemptEnded(web.name, .failed(.issuance)))
        #expect(ended.events.contains { if case .budgetSpent(_, 5, 5, _) = $0 { true } else { false } })
        let automatic = host.nextPlan(within: .hours(33))
        #expect(automatic == nil)
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).started == [])
        let wish = RenewRequest(overBudget: true)
        #expect(host.tell(.requested(web.name, RenewalID("g"), wish)).started == ["web"])
    }

    @Test func `outputs that can be rebuilt cost no order`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        var found = web.found(at: host.now.wall)
        found.rebuildable = [.chain]
        let actions = host.tell(.looked(web.name, found))
        #expect(actions.contains(.rebuild(web, [.chain])))
        #expect(actions.plans.isEmpty)
        let after = host.tell(.rebuilt(web.name, nil))
        #expect(after.looks == [web.name])
        #expect(after.reloads.count == 1)
    }

    /// Its certificate is the one that the service has read already, so that nothing else would tell of it.
    @Test func `a process that dies during a rebuild leaves the reload owed`() throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        let whole = web.found(at: Date(timeIntervalSince1970: 1_800_000_000))
        record.reloadedSerial = whole.installed?.serial
        var host = try TestHost([web], records: [web.name: record])
        var found = whole
        found.rebuildable = [.chain]
        let actions = host.tell(.looked(web.name, found))
        #expect(actions.reloads.isEmpty, "the files are not there yet")
        #expect(try host.status(web.name).state == .valid)
        let stored = try #require(actions.records.last)
        var restarted = try TestHost([web], records: [web.name: stored], at: host.now)
        #expect(restarted.tell(.looked(web.name, whole)).reloads.count == 1)

        let after = host.tell(.rebuilt(web.name, .fullDisk))
        #expect(after.reloads.isEmpty, "nothing has changed")
        #expect(try #require(after.records.last).reload == nil)
    }

    @Test func `an attempt that was stopped counts as no failure`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let stopped = RenewalFailure(stage: .order, .stopped, detail: "stopping")
        let record = try #require(host.tell(.attemptEnded(web.name, .failed(stopped))).records.last)
        #expect(record.consecutiveFailures == 0 && record.lastError == nil)
    }

    @Test func `a life of a minute is renewed in time, again and again`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        var found = FoundCertificate.nothing
        for round in 1...20 {
            found = web.found(at: host.now.wall, lifetime: .seconds(60), serial: "\(round)")
            let installed = try #require(found.installed)
            host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: installed))))
            let current = found
            let next = host.wait(atMost: .seconds(59), found: { _ in current }, for: { ![$0].plans.isEmpty })
            #expect(!next.isEmpty, "round \(round)")
            #expect(installed.lifeLeft(at: host.now.wall) > 0.45)
        }
    }
}
