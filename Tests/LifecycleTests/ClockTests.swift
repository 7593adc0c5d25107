import FoundationEssentials
import Testing

@testable import Lifecycle

/// The wall clock set back and forward by years, while running and at the start, with a broker that tells the time and
/// without one.
@Suite struct ClockTests {
    private static let years: Double = 5 * 365 * 86_400

    private func host(
        _ count: Int = 6, age: Duration = .days(10), records: [CertificateName: CertificateRecord] = [:],
        at start: Moment? = nil, bornAt: Date? = nil
    ) throws -> TestHost {
        let list = try (0..<count).map { try managed("c\($0)") }
        var host = try TestHost(list, records: records, at: start, enrolled: false) {
            $0.brokers = [.first, .second]
            $0.asksTimeAtStart = true
            $0.checkInterval = .days(1000)
            $0.identityCheckInterval = .hours(6)
        }
        let born = bornAt ?? host.now.wall
        host.identityFacts = IdentityFacts(
            name: host.settings.identityName, serial: "1d", issuer: "Test CA", notBefore: born,
            notAfter: born + 400 * 86_400)
        host.setUpPlans = host.tell(.identityLooked(host.foundIdentity)).plans
        for one in list {
            host.setUpPlans += host.tell(.looked(one.name, one.found(at: born, age: age))).plans
        }
        return host
    }

    /// As the true clock, `ahead` seconds behind the host's, tells it.
    private func told(_ host: TestHost, ahead: Double) -> Input {
        let time = ServerTime(
            date: host.now.wall - ahead, readAt: host.now.boottime, uncertainty: .seconds(1))
        return .timeAsked(.told(time, by: .first))
    }

    @Test(arguments: [years, -years, 3600, -3600])
    func `a step while running is asked about first, and the broker's time counts`(step: Double) throws {
        var host = try host()
        let before = try host.status(named("c1"))
        host.now.wall += step
        let actions = host.tell(.tick)
        #expect(actions.contains(.askTime([.first, .second])))
        #expect(actions.plans.isEmpty)
        #expect(host.snapshot().clock.state == .unconfirmed)

        let answered = host.tell(told(host, ahead: step))
        #expect(answered.plans.isEmpty)
        #expect(answered.contains { if case .countTime = $0 { true } else { false } })
        var snapshot = host.snapshot()
        #expect(snapshot.clock.state == .suspect)
        #expect(snapshot.clock.skew.map { abs($0.seconds - step) < 2 } == true)
        #expect(snapshot.certificates.allSatisfy { $0.state == .valid })
        #expect(try host.status(named("c1")).nextRenewalAt == before.nextRenewalAt)

        // Sixty days later by the broker's time all are due, and by no other.
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let due = host.wait(
            atMost: .days(60), found: { try? managed($0.text).found(at: born, age: .days(10)) },
            for: { ![$0].plans.isEmpty })
        #expect(!due.plans.isEmpty)
        let waited = host.now.wall.timeIntervalSince1970 - step - 1_800_000_000
        #expect(abs(waited / 86_400 - 50) < 2)

        // Set right, it is believed as soon as a broker says so.
        host.now.wall -= step
        #expect(host.tell(.tick).contains(.askTime([.first, .second])))
        host.tell(told(host, ahead: 0))
        snapshot = host.snapshot()
        #expect(snapshot.clock.state == .ok)
        #expect(snapshot.clock.correction == .zero)
    }

    @Test(arguments: [years, -years])
    func `without an answer nothing is ordered, and the question is put again, an hour apart at last`(
        step: Double
    ) throws {
        var host = try host(age: .days(59))
        host.now.wall += step
        #expect(host.tell(.tick).contains(.askTime([.first, .second])))
        var asked: [Duration] = []
        let start = host.now.boottime
        host.tell(.timeAsked(.unanswered))
        while host.now.boottime - start < .hours(8) {
            let next = try #require(host.state.nextDeadline)
            let actions = host.wait(max(next - host.now.boottime, .zero))
            #expect(actions.plans.isEmpty)
            if actions.contains(.lookAtIdentity) { host.tell(.identityLooked(host.foundIdentity)) }
            guard actions.contains(.askTime([.first, .second])) else { continue }
            asked.append(host.now.boottime - start)
            host.tell(.timeAsked(.unanswered))
        }
        let early = asked.filter { $0 <= .minutes(15) }
        #expect(early.count >= 2 && early.count <= 6)
        let gaps = zip(asked.dropFirst(early.count), asked.dropFirst(early.count + 1)).map { $1 - $0 }
        #expect(gaps.count >= 5)
        #expect(gaps.allSatisfy { abs($0.seconds - 3600) < 5 })
        let status = try host.status(named("c1"))
        #expect(status.state == .valid || status.state == .waiting)
        #expect(host.snapshot().clock.state == .unconfirmed)
    }

    @Test func `a start with a clock that runs years ahead renews nothing, and asks before the first order`()
        throws
    {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let start = Moment(wall: born + Self.years, boottime: .seconds(30))
        var host = try host(at: start, bornAt: born)
        #expect(host.setUpPlans.isEmpty)
        let actions = host.tell(told(host, ahead: Self.years))
        #expect(actions.plans.isEmpty)
        let snapshot = host.snapshot()
        #expect(snapshot.clock.state == .suspect)
        #expect(snapshot.identity.state == .valid)
        #expect(snapshot.certificates.allSatisfy { $0.state == .valid })
    }

    @Test(arguments: [Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 1_800_000_000 - 3600)])
    func `a start with a clock before the newest record or the release is doubted`(wall: Date) throws {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        var record = CertificateRecord()
        record.lastAttemptAt = born
        let start = Moment(wall: wall, boottime: .seconds(30))
        let web = try managed("web")
        var host = try TestHost([web], records: [web.name: record], at: start, enrolled: false) {
            $0.asksTimeAtStart = true
        }
        #expect(host.setUp.contains(.askTime([.first])))
        host.identityFacts = IdentityFacts(
            name: host.settings.identityName, serial: "1d", issuer: "Test CA", notBefore: born,
            notAfter: born + 400 * 86_400)
        host.tell(.identityLooked(host.foundIdentity))
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty, "not even what is missing")
        #expect(try host.status(web.name).why.contains("confirmed this host's clock"))
        #expect(host.confirmClock(born + 60).started == ["web"])
        #expect(host.snapshot().clock.state == .suspect)
    }

    @Test(arguments: [years, -1800])
    func `a start with a wrong clock loses no wait that was stored`(ahead: Double) throws {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let web = try managed("web")
        var record = CertificateRecord()
        record.consecutiveFailures = 1
        record.backoffStep = 1
        record.orders.note(at: born - 3600)
        record.lastError = RecordedError(failure: .issuance, at: born - 3600)
        record.nextAttemptAt = born + 300
        record.possibleOrderUntil = born + 200
        let start = Moment(wall: born + ahead, boottime: .seconds(30))
        var host = try TestHost([web], records: [web.name: record], at: start, enrolled: false) {
            $0.asksTimeAtStart = true
        }
        host.identityFacts = IdentityFacts(
            name: host.settings.identityName, serial: "1d", issuer: "Test CA", notBefore: born - 86_400,
            notAfter: born + 400 * 86_400)
        host.tell(.identityLooked(host.foundIdentity))
        #expect(host.tell(.looked(web.name, web.found(at: born, age: .days(70)))).plans.isEmpty)
        #expect(host.confirmClock(born).plans.isEmpty)
        #expect(host.snapshot().clock.state == .suspect)
        #expect(host.wait(.seconds(295)).plans.isEmpty)
        #expect(host.wait(.seconds(10)).started == ["web"])
    }

    @Test func `a clock that is put right after a start ends no wait for an order that may be under way`()
        throws
    {
        let web = try managed("web")
        var host = try TestHost([web])
        let cutOff = host.tell(.looked(web.name, .nothing))
        #expect(cutOff.plans.count == 1)
        let record = try #require(cutOff.records.last)
        var next = try TestHost([web], records: [web.name: record], at: host.now + .seconds(5)) {
            $0.asksTimeAtStart = true
        }
        next.tell(.looked(web.name, .nothing))
        next.now.wall += 180
        #expect(next.confirmClock().plans.isEmpty)
        #expect(next.nextPlan(within: .seconds(80)) == nil)
        #expect(next.nextPlan(within: .minutes(4))?.reason == .missing)
    }

    @Test func `a start with a wrong clock waits for an order that the process before was cut off in`() throws
    {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let web = try managed("web")
        var record = CertificateRecord()
        record.attemptUnderWaySince = born - 40
        record.attemptUnderWayAt = .first
        let start = Moment(wall: born + Self.years, boottime: .seconds(30))
        var host = try TestHost([web], records: [web.name: record], at: start, enrolled: false) {
            $0.asksTimeAtStart = true
        }
        host.identityFacts = IdentityFacts(
            name: host.settings.identityName, serial: "1d", issuer: "Test CA", notBefore: born - 86_400,
            notAfter: born + 400 * 86_400)
        host.tell(.identityLooked(host.foundIdentity))
        #expect(host.tell(.looked(web.name, web.found(at: born, age: .days(70)))).plans.isEmpty)
        #expect(host.confirmClock(born).plans.isEmpty)
        #expect(try host.status(web.name).why.contains("may still be working on the last order"))
        #expect(host.wait(.seconds(49)).plans.isEmpty)
        #expect(host.wait(host.settings.orderDeadline + host.settings.possibleOrderDelay).started == ["web"])
    }

    @Test(arguments: [true, false])
    func `a wait that a slow clock wrote isn't over by the time of a newer record`(isCutOff: Bool) throws {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let slow = born - 300
        let web = try managed("web")
        let other = try managed("other")
        var record = CertificateRecord()
        if isCutOff {
            record.attemptUnderWaySince = slow - 30
            record.attemptUnderWayAt = .first
        } else {
            record.orders.note(at: slow - 5)
            record.possibleOrderUntil = slow + 85
        }
        var newer = CertificateRecord()
        newer.lastSuccessAt = born
        var host = try TestHost(
            [web, other], records: [web.name: record, other.name: newer],
            at: Moment(wall: slow, boottime: .seconds(30)), enrolled: false
        ) { $0.asksTimeAtStart = true }
        host.identityFacts = IdentityFacts(
            name: host.settings.identityName, serial: "1d", issuer: "Test CA", notBefore: born - 86_400,
            notAfter: born + 400 * 86_400)
        host.tell(.identityLooked(host.foundIdentity))
        host.tell(.looked(other.name, other.found(at: born)))
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty)
        host.wait(.seconds(10))
        host.now.wall += 300
        #expect(host.confirmClock().plans.isEmpty)
        #expect(host.wait(.seconds(70)).plans.isEmpty)
        #expect(host.wait(.seconds(15)).started == ["web"])
    }

    @Test func `at a right start what is due by its age waits for one answer, what is missing doesn't`()
        throws
    {
        let (old, new) = (try managed("old"), try managed("new"))
        var host = try TestHost([old, new]) { $0.asksTimeAtStart = true }
        let looked = host.tell(.looked(old.name, old.found(at: host.now.wall, age: .days(70))))
        #expect(looked.contains(.askTime([.first])))
        #expect(looked.plans.isEmpty)
        #expect(host.tell(.looked(new.name, .nothing)).plans.map(\.reason) == [.missing])
        #expect(host.confirmClock(host.now.wall - 0.3).started == ["old"])
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test func `a broker that leaves the Date out can't be asked, and holds nobody`() throws {
        var host = try host(3, age: .days(70))
        #expect(host.tell(.timeAsked(.untold(by: .first))).plans.count == 3)
        host.now.wall += 86_400
        host.tell(.tick)
        host.tell(.timeAsked(.untold(by: .first)))
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test(arguments: [years, 172_800, 3600])
    func `no word turns the clock back before the identity was signed`(back: Double) throws {
        var host = try host(3, age: .days(70))
        // As the holder of a server certificate that has expired since would have it.
        let lie = ServerTime(
            date: host.now.wall - back, readAt: host.now.boottime, uncertainty: .seconds(1))
        let actions = host.tell(.timeAsked(.told(lie, by: .first)))
        #expect(host.snapshot().clock.state == .ok)
        #expect(!actions.contains { if case .countTime = $0 { true } else { false } })
        // The wall clock, which nothing speaks against, counts: for the certificates of servers as well.
        #expect(actions.plans.count == 3)

        var exchange = BrokerExchange(
            broker: .first, endpoint: "/v1/certificates", status: 200, took: .seconds(1))
        exchange.time = lie
        host.tell(.brokerExchanged(exchange))
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test func `a clock in doubt stays so until a time is told that can be`() throws {
        var host = try host(3, age: .days(20))
        host.now.wall += 86_400
        #expect(host.tell(.tick).contains(.askTime([.first, .second])))
        let lie = ServerTime(
            date: host.now.wall - Self.years, readAt: host.now.boottime, uncertainty: .seconds(1))
        for answer in [TimeAnswer.told(lie, by: .first), .unproven(by: .first)] {
            #expect(host.tell(.timeAsked(answer)).plans.isEmpty)
            #expect(host.snapshot().clock.state == .unconfirmed)
            #expect(host.wait(.minutes(1)).contains(.askTime([.first, .second])))
        }
        host.tell(told(host, ahead: 86_400))
        #expect(host.snapshot().clock.state == .suspect)
    }

    @Test func `a broker that proves nothing doesn't speak against a clock that nobody doubts`() throws {
        var host = try host(3, age: .days(70))
        #expect(host.tell(.timeAsked(.unproven(by: .first))).plans.count == 3)
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test func `a start before the identity was signed is doubted, and no silence about the time helps`()
        throws
    {
        let born = Date(timeIntervalSince1970: 1_800_000_000)
        let start = Moment(wall: born - 3 * 86_400, boottime: .seconds(30))
        var host = try host(3, age: .days(70), at: start, bornAt: born)
        #expect(host.snapshot().clock.state == .unconfirmed)
        #expect(host.tell(.timeAsked(.untold(by: .first))).plans.isEmpty)
        #expect(host.snapshot().clock.state == .unconfirmed)
        host.wait(.minutes(1))
        host.tell(told(host, ahead: -3 * 86_400 - 600))
        #expect(host.snapshot().clock.state == .suspect)
        #expect(host.snapshot().clock.skew.map { abs($0.seconds + 3 * 86_400 + 600) < 3 } == true)
    }

    @Test func `a broker's time is asked for again, and the clock believed once it is right`() throws {
        var host = try host(age: .days(20))
        host.now.wall += 7200
        host.tell(.tick)
        host.tell(told(host, ahead: 7200))
        #expect(host.snapshot().clock.state == .suspect)
        let asked = host.wait(
            atMost: .hours(2), for: { if case .askTime = $0 { true } else { false } })
        #expect(!asked.isEmpty)
        // Nobody is there: what was told counts on.
        host.tell(.timeAsked(.unanswered))
        #expect(host.snapshot().clock.state == .suspect)
        #expect(
            !host.wait(atMost: .hours(2), for: { if case .askTime = $0 { true } else { false } }).isEmpty)
        // Set right bit by bit, so that no step was seen.
        host.tell(told(host, ahead: 5))
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test func `an order's answer that tells another time has the brokers asked, and isn't believed itself`()
        throws
    {
        var host = try TestHost([managed("web")])
        host.tell(.looked(try named("web"), .nothing))
        var exchange = BrokerExchange(
            broker: .first, endpoint: "/v1/certificates", status: 403, took: .seconds(1))
        exchange.time = ServerTime(
            date: host.now.wall + 7200, readAt: host.now.boottime, uncertainty: .seconds(2))
        #expect(host.tell(.brokerExchanged(exchange)).contains(.askTime([.first])))
        #expect(host.snapshot().clock.state == .unconfirmed)
        host.tell(told(host, ahead: -7200))
        #expect(host.snapshot().clock.state == .suspect)
        #expect(host.snapshot().clock.skew.map { abs($0.seconds + 7200) < 3 } == true)
        // One that agrees with the time that counts puts the next question off.
        exchange.time = ServerTime(
            date: host.now.wall + 7201, readAt: host.now.boottime, uncertainty: .seconds(2))
        host.tell(.brokerExchanged(exchange))
        #expect(host.snapshot().clock.state == .suspect)
        // One that agrees with the wall clock, which was set right, ends it.
        exchange.time = ServerTime(
            date: host.now.wall, readAt: host.now.boottime, uncertainty: .seconds(2))
        host.tell(.brokerExchanged(exchange))
        #expect(host.snapshot().clock.state == .ok)
    }

    @Test func `an answer that took long proves nothing by its delay`() throws {
        var host = try TestHost([managed("web")])
        var exchange = BrokerExchange(
            broker: .first, endpoint: "/v1/certificates", status: 200, took: .hours(2))
        exchange.time = ServerTime(
            date: host.now.wall - 7100, readAt: host.now.boottime, uncertainty: .hours(2))
        host.tell(.brokerExchanged(exchange))
        #expect(host.snapshot().clock.state == .ok)
    }
}

@Suite struct ForcedBudgetTests {
    @Test func `the machine refuses what is over the budget, unless that is asked for`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        for serial in 0..<5 {
            let failure = RenewalFailure(
                stage: .order, .brokerTimeout, detail: "\(serial)", isPossibleOrder: true)
            host.tell(.attemptEnded(web.name, .failed(failure)))
            if serial < 4 { #expect(host.nextPlan(within: .hours(2)) != nil) }
        }
        host.wait(.minutes(2))
        let refused = host.tell(.requested(web.name, RenewalID("a"), RenewRequest()))
        #expect(refused.plans.isEmpty)
        #expect(refused.records.isEmpty)
        let record = try #require(host.snapshot().renewal(RenewalID("a")))
        #expect(record.state == .failed)
        #expect(record.failure?.failureClass == .orderBudgetSpent)
        #expect(record.failure?.retryAfter.map { $0 > .hours(30) } == true)
        let granted = host.tell(.requested(web.name, RenewalID("b"), RenewRequest(overBudget: true)))
        #expect(granted.plans.count == 1)
    }
}
