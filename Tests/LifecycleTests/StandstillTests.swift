import FoundationEssentials
import Testing

@testable import Lifecycle

/// Ways in which a renewal or a reload could be held back for longer than anything asks for.
@Suite struct StandstillTests {
    @Test func `a clock set back a little starts nothing that is due no more, and goes on`() throws {
        let (busy, web) = (try managed("busy"), try managed("web"))
        var host = try TestHost([busy, web]) { $0.concurrency = 1 }
        host.tell(.looked(busy.name, .nothing))
        host.tell(.attemptStep(busy.name, .order))
        let found = web.found(at: host.now.wall, age: .days(59))
        host.tell(.looked(web.name, found))
        let due = try #require(try host.status(web.name).nextRenewalAt)
        host.goOn(to: due + 0.5, found, of: web.name)
        #expect(try host.status(web.name).state == .waiting)

        host.now = Moment(wall: due - 0.4, boottime: host.now.boottime + .milliseconds(10))
        #expect(host.tell(.attemptEnded(busy.name, .failed(.forbidden))).started == [])
        #expect(host.wait(.seconds(1)).started == ["web"])
    }

    @Test func `a probe that turns out not to be due leaves the way free for the next`() throws {
        let (down, web) = (try managed("down"), try managed("web"))
        var host = try TestHost([down, web]) {
            $0.probeCap = .days(9); $0.probeBase = .days(9)
        }
        host.tell(.looked(down.name, .nothing))
        let found = web.found(at: host.now.wall, age: .seconds(59 * 86_400 + 80_000))
        host.tell(.looked(web.name, found))
        host.tell(.attemptEnded(down.name, .failed(.unreachable)))
        let due = try #require(try host.status(web.name).nextRenewalAt)
        host.goOn(to: due + 0.5, found, of: web.name)
        #expect(try host.status(web.name).state == .waiting)

        host.now = Moment(wall: due - 0.4, boottime: host.now.boottime + .milliseconds(10))
        let now = host.now.boottime
        host.state.brokers.forEach { $0.gate.hurry(at: now) }
        #expect(host.tell(.tick).started == ["down"])
    }

    @Test func `a pause that the broker asked for outlives the answers that were on their way`() throws {
        let list = try ["a", "b", "c"].map { try managed($0) }
        var host = try TestHost(list)
        for wanted in list { host.tell(.looked(wanted.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.rateLimited(.seconds(40)))))
        let report = IssuedReport(certificate: list[1].issued(at: host.now.wall))
        #expect(host.tell(.attemptEnded(list[1].name, .installed(report))).started == [])
        #expect(host.tell(.attemptEnded(list[2].name, .failed(.forbidden))).started == [])
        #expect(host.wait(.seconds(39)).started == [])
        #expect(host.wait(.seconds(2)).started == ["a"])
        #expect(
            host.tell(.attemptEnded(list[0].name, .failed(.issuance))).events.contains(.ordersResumed))
    }

    @Test func `a reload waits for no renewal that is itself held back`() throws {
        let list = try ["a", "b"].map { try managed($0, reload: "systemctl reload nginx") }
        var host = try TestHost(list)
        for wanted in list { host.tell(.looked(wanted.name, .nothing)) }
        host.tell(.attemptEnded(list[0].name, .failed(.rateLimited(.seconds(40)))))
        let report = IssuedReport(certificate: list[1].issued(at: host.now.wall))
        let actions = host.tell(.attemptEnded(list[1].name, .installed(report)))
        #expect(actions.reloads.map(\.names) == [[list[1].name]])
    }

    @Test func `what is due again at once waits no longer than its life allows`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let issued = web.issued(at: host.now.wall, age: .seconds(31), lifetime: .seconds(60))
        let ended = host.tell(
            .attemptEnded(web.name, .installed(IssuedReport(certificate: issued, wasCached: true))))
        #expect(ended.plans.isEmpty)
        let plan = host.nextPlan(within: .seconds(10))
        #expect(plan != nil)
    }

    @Test func `a rebuild that does not last is not repeated without end`() throws {
        let web = try managed("web", reload: "true")
        var host = try TestHost([web])
        var found = web.found(at: host.now.wall)
        found.rebuildable = [.chain]
        var rebuilds = 0
        for _ in 0..<100 {
            if host.tell(.looked(web.name, found)).contains(.rebuild(web, [.chain])) { rebuilds += 1 }
            let next = host.tell(.rebuilt(web.name, nil))
            for reload in next.reloads { host.tell(.reloadEnded(reload.names, .succeeded)) }
            host.wait(.seconds(1))
        }
        #expect(rebuilds == 1)
        let again = host.wait(atMost: .hours(1), for: { ![$0].looks.isEmpty })
        #expect(again.looks == [web.name], "it is looked at again all the same")
        #expect(host.tell(.looked(web.name, found)).contains(.rebuild(web, [.chain])))
    }

    @Test func `a key that can't be used is thrown away once`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let refused = RenewalFailure(stage: .checks, .wrongKey, detail: "", refusedSerial: "bad")
        host.tell(.attemptEnded(web.name, .failed(refused)))
        _ = host.nextPlan(within: .hours(2))
        host.tell(.attemptEnded(web.name, .failed(refused)))
        #expect(host.nextPlan(within: .hours(2))?.retiresPendingKey == true)
        let lost = RenewalFailure(stage: .order, .connectionLost, detail: "", isPossibleOrder: true)
        host.tell(.attemptEnded(web.name, .failed(lost)))
        let retry = host.nextPlan(within: .hours(2))
        #expect(retry?.retiresPendingKey == false, "the answer that was lost was for the new key")
    }
}

extension TestHost {
    /// Goes to a time of the wall clock in one step, and answers the look that falls due on the way.
    fileprivate mutating func goOn(to date: Date, _ found: FoundCertificate, of name: CertificateName) {
        wait(.seconds(date.timeIntervalSince(now.wall)))
        tell(.looked(name, found))
    }
}

/// What a restart finds.
@Suite struct RemainderTests {
    @Test func `an owed reload is run after the first look, and told which certificate it is for`() throws {
        let web = try managed("web", reload: "notify $CERTPLANE_SERIAL")
        var record = CertificateRecord()
        record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_000))
        var host = try TestHost([web], records: [web.name: record])
        #expect(host.setUp.reloads.isEmpty)
        let reload = host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2"))).reloads.first
        #expect(reload?.certificates.first?.installed?.serial == "b2")
        let stored = host.tell(.reloadEnded([web.name], .succeeded)).records.last
        #expect(stored?.reloadedSerial == "b2")
    }

    @Test func `a reload is owed to no command that is configured no more`() throws {
        let web = try managed("web")
        var record = CertificateRecord()
        record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_000))
        var host = try TestHost([web], records: [web.name: record])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        #expect(try host.status(web.name).state == .valid)
    }

    @Test func `a reload that the stop has cut off is run at the next start at once`() throws {
        let web = try managed("web", reload: "true")
        var record = CertificateRecord()
        record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_000))
        record.reload?.attempts = 4
        var host = try TestHost([web], records: [web.name: record])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let cutOff = RenewalFailure(stage: .reload, .stopped, detail: "the agent stops")
        let stored = try #require(host.tell(.reloadEnded([web.name], .failed(cutOff))).records.last)
        #expect(stored.reload?.attempts == 4)
        var restarted = try TestHost([web], records: [web.name: stored])
        let actions = restarted.tell(.looked(web.name, web.found(at: restarted.now.wall)))
        #expect(actions.reloads.map(\.names) == [[web.name]])
    }

    @Test func `a wait read by a clock that is far behind is no longer than it was written`() throws {
        let web = try managed("web")
        var first = try TestHost([web])
        first.tell(.looked(web.name, .nothing))
        let record = try #require(first.tell(.attemptEnded(web.name, .failed(.issuance))).records.last)
        var host = try TestHost([web], records: [web.name: record])
        // Configured anew at a moment when the clock has not been set yet.
        host.now.wall = Date(timeIntervalSince1970: 1000)
        host.state = HostState(seed: 1, records: [web.name: record])
        _ = host.state.handle(.configured([web], host.settings), at: host.now)
        host.identityFacts = first.identity()
        host.tell(.identityLooked(host.foundIdentity))
        host.tell(.looked(web.name, .nothing))
        host.confirmClock(first.now.wall + 1)
        let plan = host.nextPlan(within: .seconds(100))
        #expect(plan != nil)
    }

    @Test func `orders noted by a clock that was ahead hold nobody up`() {
        var orders = OrderLog()
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        for _ in 0..<20 { orders.note(at: now + 400 * 86_400) }
        #expect(OrderBudget(lifetime: .days(90), window: nil).nextOrderAt(orders, at: now) == nil)
    }

    @Test func `over its budget a short-lived certificate is ordered often enough to live`() {
        var orders = OrderLog()
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let day = RenewalWindow(lifetime: .days(1), renewBefore: .standard)
        let budget = OrderBudget(lifetime: .days(1), window: day)
        for _ in 0..<budget.limit { orders.note(at: now) }
        #expect(budget.nextOrderAt(orders, at: now) == now + 6 * 3600)

        var few = OrderLog()
        let quarter = OrderBudget(lifetime: .days(90), window: nil)
        for _ in 0..<quarter.limit { few.note(at: now) }
        #expect(quarter.nextOrderAt(few, at: now) == now + 34 * 3600)
    }
}
