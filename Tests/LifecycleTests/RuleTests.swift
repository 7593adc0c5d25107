import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct RuleTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(arguments: [
        (Duration.days(90), RenewBefore.standard, Duration.days(30), false),
        (.days(45), .standard, .days(15), true),
        (.days(6), .standard, .days(3), true),
        (.days(10), .standard, .days(5), true),
        (.hours(1), .standard, .minutes(30), true),
        (.days(398), .standard, .days(30), false),
        (.days(90), .explicit(.days(45)), .days(45), false),
        (.days(90), .explicit(.days(60)), .days(60), false),
        (.days(90), .explicit(.days(61)), .days(60), true),
        (.hours(1), .explicit(.days(30)), .minutes(40), true),
        (.seconds(60), .standard, .seconds(30), true),
        (.zero, .standard, .zero, true),
    ])
    func `the window stays inside the life of the certificate`(
        lifetime: Duration, renewBefore: RenewBefore, effective: Duration, isClamped: Bool
    ) {
        let window = RenewalWindow(lifetime: lifetime, renewBefore: renewBefore)
        #expect(window.effective == effective)
        #expect(window.isClamped == isClamped)
    }

    @Test func `a host's shift is fixed, at most a hundredth of the life, and differs between hosts`() throws
    {
        let window = RenewalWindow(lifetime: .days(90), renewBefore: .standard)
        let name = try named("web")
        let end = now + 90 * 86_400
        let shifts = (0..<200).map { host in
            let dueAt = window.dueAt(notAfter: end, lifetime: .days(90), identity: "host\(host)", name: name)
            return (end - window.effective.seconds).timeIntervalSince(dueAt)
        }
        #expect(shifts.allSatisfy { (0...0.9 * 86_400).contains($0) })
        #expect(Set(shifts).count == 200)
        #expect((shifts.max() ?? 0) - (shifts.min() ?? 0) > 0.7 * 86_400)
        let again = window.dueAt(notAfter: end, lifetime: .days(90), identity: "host7", name: name)
        #expect((end - window.effective.seconds).timeIntervalSince(again) == shifts[7])
    }

    @Test func `the first reason wins`() throws {
        let wanted = try managed("web")
        var found = wanted.found(at: now)
        func reason(requested: Bool = false, dueAt: Date? = nil) -> RenewalReason? {
            RenewalPolicy.reason(
                defect: RenewalPolicy.defect(of: found, wanted: wanted), isRequested: requested, dueAt: dueAt,
                at: now)
        }
        #expect(reason() == nil)
        #expect(reason(dueAt: now + 1) == nil)
        #expect(reason(dueAt: now) == .expiring)
        #expect(reason(requested: true, dueAt: now) == .requested)
        found.lost = [.chain]
        #expect(reason(requested: true) == .incomplete)
        var installed = wanted.issued(at: now)
        installed.keyType = nil
        found.certificate = .installed(installed)
        #expect(reason() == .keyTypeChanged)
        installed.dnsNames = ["other.example.test"]
        found.certificate = .installed(installed)
        #expect(reason() == .namesChanged)
        found.key = .mismatch
        #expect(reason() == .keyMismatch)
        found.key = .missing
        #expect(reason() == .keyMissing)
        found.certificate = .unreadable("no certificate")
        #expect(reason() == .unreadable)
        found.certificate = .missing
        #expect(reason() == .missing)
    }

    @Test func `retries grow from the base to the cap, and jitter stays within`() {
        let schedule = RetrySchedule(base: .seconds(30), cap: .hours(1))
        var random = SplitMix(seed: 7)
        for (step, ceiling) in [(1, 30.0), (2, 60), (3, 120), (7, 1920), (8, 3600), (200, 3600)] {
            let waits = (0..<200).map { _ in
                schedule.delay(after: .unavailable, step: step, life: Life(), using: &random).seconds
            }
            #expect(waits.allSatisfy { $0 >= ceiling / 6 && $0 <= ceiling })
            #expect((waits.max() ?? 0) > ceiling * 0.9)
            #expect((waits.min() ?? 0) < ceiling * 0.3)
        }
    }

    @Test(arguments: [
        (Life(whole: .days(90), left: .days(30)), Duration.hours(1)),
        (Life(whole: .days(90), left: .hours(1)), .minutes(6)),
        (Life(whole: .seconds(60), left: .seconds(20)), .seconds(2)),
        (Life(whole: .hours(1), left: .seconds(-5)), .minutes(6)),
        (Life(), .hours(1)), (Life(whole: .seconds(2), left: .seconds(1)), .seconds(1)),
    ])
    func `the cap shrinks so that ten more tries fit`(life: Life, longest: Duration) {
        let schedule = RetrySchedule(base: .seconds(30), cap: .hours(1))
        #expect(schedule.longest(for: life) == longest)
    }

    @Test func `a permanent refusal goes straight to the cap`() {
        let schedule = RetrySchedule(base: .seconds(30), cap: .hours(1))
        var random = SplitMix(seed: 7)
        for _ in 0..<50 {
            let wait = schedule.delay(after: .forbidden, step: 1, life: Life(), using: &random)
            #expect(wait >= .minutes(54) && wait <= .hours(1))
        }
    }

    @Test func `a possible order waits for its minimum`() {
        let schedule = RetrySchedule(base: .seconds(30), cap: .hours(1), possibleOrderDelay: .seconds(90))
        var random = SplitMix(seed: 7)
        #expect(schedule.delay(after: .issuance, step: 1, life: Life(), using: &random) == .seconds(90))
    }

    @Test(arguments: [
        (Duration.hours(2), Life(whole: .days(90), left: .days(30)), Duration.hours(2)),
        (.days(3), Life(whole: .days(90), left: .days(30)), .hours(24)),
        (.days(3), Life(whole: .days(90), left: .hours(8)), .hours(2)),
        (.days(3), Life(whole: .hours(1), left: .seconds(-1)), .minutes(15)),
        (.days(3), Life(), .hours(24)), (.seconds(-5), Life(), .zero),
    ])
    func `Retry-After is obeyed up to a quarter of the life and a day`(
        asked: Duration, life: Life, obeyed: Duration
    ) {
        #expect(RetrySchedule.honoured(asked, life: life) == obeyed)
    }

    @Test func `failed reloads are tried soon, then rarely, for ever`() {
        let schedule = ReloadRetrySchedule(
            waits: LifecycleSettings(identityName: "", brokers: []).reloadRetries)
        let waits = (1...7).map { schedule.delay(afterFailures: $0) }
        #expect(
            waits == [.seconds(30), .minutes(2), .minutes(10), .hours(1), .hours(6), .hours(6), .hours(6)])
    }

    @Test(arguments: [(Duration.days(90), 5), (.days(6), 6), (.hours(1), 672), (.seconds(60), 40_320)])
    func `the order budget is twice what the lifetime needs, and at least five`(
        lifetime: Duration, limit: Int
    ) {
        let window = RenewalWindow(lifetime: lifetime, renewBefore: .standard)
        #expect(OrderBudget(lifetime: lifetime, window: window).limit == limit)
        #expect(OrderBudget(lifetime: nil, window: nil).limit == 5)
    }

    @Test func `a spent budget lets one order pass in 34 hours, until seven days are over`() {
        let budget = OrderBudget(lifetime: .days(90), window: nil)
        var orders = OrderLog()
        for _ in 0..<4 { orders.note(at: now) }
        #expect(budget.nextOrderAt(orders, at: now) == nil)
        orders.note(at: now)
        #expect(orders.count(at: now) == 5)
        #expect(budget.nextOrderAt(orders, at: now + 60) == now + 34 * 3600)
        #expect(budget.nextOrderAt(orders, at: now + 34 * 3600) == nil)
        #expect(orders.count(at: now + 8 * 86_400) == 0)
    }

    @Test func `the order log stays small whatever happens`() throws {
        var orders = OrderLog()
        for minute in 0..<20_000 { orders.note(at: now + Double(minute) * 60) }
        #expect(orders.count(at: now + 20_000 * 60) <= 7 * 24 * 60)
        #expect(try JSONEncoder().encode(orders).count < 8000)
    }

    @Test func `a record survives its file`() throws {
        var record = CertificateRecord()
        record.orders.note(at: now)
        record.lastError = RecordedError(failure: .rateLimited(.seconds(30)), at: now)
        record.reload = ReloadDebt(since: now)
        record.request = RenewRequest(rotateKey: true)
        record.lifetime = .days(90)
        let copy = try JSONDecoder().decode(CertificateRecord.self, from: JSONEncoder().encode(record))
        #expect(copy == record)
    }

    @Test func `every failure has its advice, and every word is snake case`() {
        for failure in FailureClass.allCases {
            #expect(failure.advice.hasSuffix(".") && failure.advice.count > 20)
            #expect(failure.rawValue.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f })
        }
    }
}
