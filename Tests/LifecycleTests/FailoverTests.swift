import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct FailoverTests {
    private func host(
        _ names: [String] = ["web"], brokers: [BrokerAddress] = [.first, .second],
        records: [CertificateName: CertificateRecord] = [:], at start: Moment? = nil
    ) throws -> TestHost {
        var host = try TestHost(try names.map { try managed($0) }, records: records, at: start) {
            $0.brokers = brokers
        }
        for name in names { host.setUpPlans += host.tell(.looked(try named(name), .nothing)).plans }
        return host
    }

    private func lost() -> RenewalFailure {
        RenewalFailure(stage: .order, .brokerTimeout, detail: "no answer", isPossibleOrder: true)
    }

    @Test func `when nothing was sent the next broker is asked in the same attempt, in order`() throws {
        var host = try host(brokers: [.first, .second, .third])
        let web = try named("web")
        #expect(host.setUpPlans.map(\.broker) == [.first])
        for next in [BrokerAddress.second, .third] {
            let actions = host.tell(.attemptEnded(web, .failed(.unreachable)))
            let plan = try #require(actions.plans.first)
            #expect(plan.broker == next)
            #expect(plan.id == host.setUpPlans[0].id)
            #expect(actions.records.last?.attemptUnderWayAt == next, "stored before anything is sent")
            let stored = try #require(actions.firstIndex { if case .persist = $0 { true } else { false } })
            let started = try #require(actions.firstIndex(of: .startAttempt(plan)))
            #expect(stored < started)
        }
        #expect(try host.status(web).consecutiveFailures == 0)
        let last = host.tell(.attemptEnded(web, .failed(.unreachable)))
        #expect(last.plans.isEmpty)
        #expect(last.events.contains { if case .ordersHeld = $0 { true } else { false } })
        let status = try host.status(web)
        #expect(status.consecutiveFailures == 1)
        #expect(status.renewals.failed == 1)
        #expect(host.snapshot().renewals.count == 1)
        #expect(host.snapshot().broker.state == .unreachable)
    }

    @Test func `a request that was sent is asked for again at the same broker for ten minutes`() throws {
        var host = try host()
        let web = try named("web")
        let start = host.now.boottime
        var asked: [BrokerAddress] = []
        var elsewhereAt: Duration?
        while elsewhereAt == nil, host.now.boottime - start < .hours(1) {
            #expect(host.tell(.attemptEnded(web, .failed(lost()))).plans.isEmpty)
            let next = host.nextPlan(within: .hours(1))
            let plan = try #require(next)
            asked.append(plan.broker)
            if plan.broker == .second { elsewhereAt = host.now.boottime }
        }
        let waited = try #require(elsewhereAt) - start
        #expect(waited >= .minutes(10))
        #expect(asked.dropLast().allSatisfy { $0 == .first })
        #expect(asked.count > 2)
        #expect(
            try host.status(web).ordersLast7Days < 5, "the budget is not spent before another one is asked")
    }

    @Test func `a broker out of reach that may have granted the order is waited for, while others are asked`()
        throws
    {
        var host = try host(["web", "mail"])
        let (web, mail) = (try named("web"), try named("mail"))
        host.tell(.attemptEnded(web, .failed(lost())))
        #expect(host.tell(.attemptEnded(mail, .failed(.unreachable))).plans.map(\.broker) == [.second])
        let issued = try managed("mail").issued(at: host.now.wall)
        host.tell(.attemptEnded(mail, .installed(IssuedReport(certificate: issued))))
        var asked: [BrokerAddress] = []
        let start = host.now.boottime
        while host.now.boottime - start < .minutes(11), asked.last != .second {
            let (left, wall) = (.minutes(11) - (host.now.boottime - start), host.now.wall)
            let plan = host.wait(
                atMost: left, found: { $0 == web ? .nothing : try? managed("mail").found(at: wall) },
                for: { ![$0].plans.isEmpty }
            ).plans.first
            guard let plan else { break }
            asked.append(plan.broker)
            if plan.broker == .first {
                #expect(host.tell(.attemptEnded(web, .failed(.unreachable))).plans.isEmpty)
                #expect(try host.status(web).why.contains("the broker can't be reached"))
            }
        }
        #expect(asked.last == .second)
        #expect(asked.count > 1)
        #expect(host.now.boottime - start >= .minutes(9))
    }

    @Test func `which broker may have the order survives a restart`() throws {
        var host = try host()
        let web = try named("web")
        let actions = host.tell(.attemptEnded(web, .failed(lost())))
        let record = try #require(actions.records.last)
        #expect(record.unansweredOrder?.broker == .first)
        var next = try self.host(brokers: [.second, .first], records: [web: record], at: host.now)
        #expect(next.nextPlan(within: .minutes(9))?.broker == .first)
    }

    @Test func `an attempt that was cut off lies at the broker that it asked`() throws {
        var host = try host()
        let web = try named("web")
        let actions = host.tell(.attemptEnded(web, .failed(.unreachable)))
        let record = try #require(actions.records.last)
        #expect(record.attemptUnderWayAt == .second)
        var next = try self.host(records: [web: record], at: host.now + .seconds(5))
        let found = next.nextPlan(within: .minutes(9))
        let plan = try #require(found)
        #expect(plan.broker == .second)
        #expect(try next.status(web).ordersLast7Days == 1)
    }

    @Test func `the preferred broker is probed, and preferred again as soon as it answers`() throws {
        let names = (0..<30).map { "c\($0)" }
        var host = try host(names)
        var running = host.setUpPlans
        var asked: [BrokerAddress] = []
        var isBack = false
        for step in 0..<60 {
            for plan in running { host.tell(.attemptStep(plan.certificate.name, .order)) }
            guard let plan = running.popLast() else { break }
            host.now = host.now + .seconds(10)
            if step == 10 { isBack = true }
            asked.append(plan.broker)
            let name = plan.certificate.name
            let outcome: AttemptOutcome =
                plan.broker == .first && !isBack
                ? .failed(.unreachable)
                : .installed(IssuedReport(certificate: plan.certificate.issued(at: host.now.wall)))
            running += host.tell(.attemptEnded(name, outcome)).plans
        }
        #expect(running.isEmpty)
        let probes = asked.prefix(10).count { $0 == .first }
        #expect(probes >= 1 && probes <= 9)
        #expect(asked.suffix(8).allSatisfy { $0 == .first })
        let broker = host.snapshot().broker
        #expect(broker.endpoint == BrokerAddress.first.text)
        #expect(broker.brokers.map(\.address) == [.first, .second])
    }

    @Test func `the preferred broker is preferred again when it has answered, before the install`()
        throws
    {
        var host = try preferredIsProbed()
        let (web, mail) = (try named("web"), try named("mail"))
        for stage in [Stage.key, .csr, .order] {
            host.tell(.attemptStep(web, stage))
            #expect(host.snapshot().broker.brokers[0].state == .paused)
        }
        let events = host.tell(.attemptStep(web, .checks)).events
        #expect(events.contains { if case .brokerResumed(.first) = $0 { true } else { false } })
        host.tell(.attemptStep(web, .install))
        let refused = host.tell(.attemptEnded(mail, .failed(.rateLimited(.hours(1)))))
        #expect(refused.plans.map(\.broker) == [.first])
    }

    @Test(arguments: [true, false])
    func `an answer opens a gate once: a pause that was asked for since then outlasts the install`(
        isInstalled: Bool
    ) throws {
        var host = try preferredIsProbed()
        let (web, mail) = (try named("web"), try named("mail"))
        for stage in [Stage.key, .csr, .order, .checks] { host.tell(.attemptStep(web, stage)) }
        for next in [BrokerAddress.first, .third] {
            let refused = host.tell(.attemptEnded(mail, .failed(.rateLimited(.hours(1)))))
            #expect(refused.plans.map(\.broker) == [next])
        }
        host.tell(.attemptStep(web, .install))
        let report = IssuedReport(certificate: try managed("web").issued(at: host.now.wall))
        host.tell(.attemptEnded(web, isInstalled ? .installed(report) : .failed(.fullDisk)))
        #expect(host.snapshot().broker.brokers.map(\.state) == [.paused, .paused, .unknown])
    }

    /// The first broker's pause is over: "web" probes it, while "mail" asks the second one.
    private func preferredIsProbed() throws -> TestHost {
        var host = try host(["web", "mail"], brokers: [.first, .second, .third])
        let (web, mail) = (try named("web"), try named("mail"))
        for name in [web, mail] {
            let refused = host.tell(.attemptEnded(name, .failed(.rateLimited(.minutes(2)))))
            try #require(refused.plans.map(\.broker) == [.second])
        }
        host.now = host.now + .minutes(3)
        let refused = host.tell(.attemptEnded(web, .failed(.rateLimited(.hours(1)))))
        try #require(refused.plans.map(\.broker) == [.first])
        return host
    }

    @Test func `while no broker can be reached one probe at a time is made, whichever broker it asks`() throws
    {
        let names = (0..<20).map { "c\($0)" }
        var host = try host(names)
        var running = host.setUpPlans
        while let plan = running.popLast() {
            running += host.tell(.attemptEnded(plan.certificate.name, .failed(.unreachable))).plans
        }
        let end = host.now.boottime + .hours(2)
        var probes = 0
        while host.now.boottime < end {
            let actions = host.wait(atMost: .hours(1), found: { _ in .nothing }, for: { ![$0].plans.isEmpty })
            #expect(actions.plans.count == 1)
            var next = actions.plans
            while let plan = next.popLast() {
                probes += 1
                next = host.tell(.attemptEnded(plan.certificate.name, .failed(.unreachable))).plans
                #expect(next.count <= 1)
            }
        }
        #expect(probes >= 24 && probes < 300)
    }

    @Test func `a pause is one broker's own: orders that lie nowhere go to the next one`() throws {
        var host = try host(["web", "mail"])
        let (web, mail) = (try named("web"), try named("mail"))
        let refused = host.tell(.attemptEnded(web, .failed(.rateLimited(.hours(1)))))
        #expect(refused.plans.map(\.broker) == [.second], "it was answered, so it lies nowhere")
        #expect(host.snapshot().broker.brokers.map(\.state) == [.paused, .unknown])
        host.tell(.attemptEnded(mail, .failed(lost())))
        let plan = host.wait(atMost: .minutes(9), found: { _ in .nothing }, for: { ![$0].plans.isEmpty })
        #expect(plan.plans.isEmpty, "a lost order waits for its own broker, also through a pause")
    }

    @Test func `a broker that is configured no more holds nobody`() throws {
        var host = try host()
        let web = try named("web")
        host.tell(.attemptEnded(web, .failed(lost())))
        host.settings.brokers = [.third]
        host.tell(.configured(host.wanted, host.settings))
        #expect(host.nextPlan(within: .minutes(5))?.broker == .third)
    }

    @Test func `a broker that never answers in time for a week costs no more orders than the budget`() throws
    {
        var host = try host()
        let web = try named("web")
        let start = host.now.boottime
        var orders = 0
        host.now = host.now + .seconds(60)
        host.tell(.attemptEnded(web, .failed(lost())))
        orders += 1
        while let plan = host.nextPlan(within: .days(7) - (host.now.boottime - start)) {
            orders += 1
            host.now = host.now + .seconds(60)
            host.tell(.attemptEnded(plan.certificate.name, .failed(lost())))
        }
        // Five, and one in 34 hours after that.
        #expect(orders >= 5 && orders <= 5 + 7 * 24 / 34)
    }
}
