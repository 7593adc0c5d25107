import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing
import Transfer

@testable import Agent

@Suite struct RenewalEngineTests {
    private let web: ManagedCertificate

    init() throws { web = try .named("web") }

    private static func installing(_ serial: String) -> ScriptedHands.Attempting {
        { plan, _, _ in .installed(IssuedReport(certificate: plan.certificate.issued(serial: serial))) }
    }

    private func failed(_ failureClass: FailureClass, _ stage: Stage = .order) -> AttemptOutcome {
        .failed(RenewalFailure(stage: stage, failureClass, detail: "scripted"))
    }

    // MARK: What hangs

    @Test func `a pass is over, and the others renewed, although an install hangs`() async throws {
        let gate = Turnstile()
        let certificates = try ["a", "b", "c"].map { try ManagedCertificate.named($0) }
        let hands = ScriptedHands { plan, _, told in
            if plan.certificate.name.text == "a" {
                told(.attemptStep(plan.certificate.name, .install))
                gate.pass()
            }
            return .installed(IssuedReport(certificate: plan.certificate.issued(serial: "1")))
        }
        let grace = RenewalEngine.StopGrace(exchanges: .zero, children: .zero, everything: .milliseconds(100))
        let running = try RunningEngine(certificates, hands, once: true, grace: grace) {
            $0.concurrency = 1
            $0.installPatience = .milliseconds(100)
        }
        try await onThread { try running.waitForEnd() }
        let states = running.snapshot.certificates.map(\.state)
        #expect(states == [.renewing, .valid, .valid])
        #expect(running.log.lines.count { $0.contains("directory of a certificate hangs") } == 1)
        #expect(running.log.lines.contains { $0.contains("work that hangs is left behind") })
        gate.open()
    }

    @Test func `a rebuild that waits behind one that hangs is done, and not said to hang`() async throws {
        let gate = Turnstile()
        let certificates = try ["a", "b"].map { try ManagedCertificate.named($0) }
        var disk: [CertificateName: FoundCertificate] = [:]
        for certificate in certificates {
            disk.merge(certificate.onDisk) { $1 }
            disk[certificate.name]?.rebuildable = [.chain]
        }
        let forbidden = failed(.forbidden)
        let hands = ScriptedHands(disk: disk) { _, _, _ in forbidden }
        hands.rebuilding.withLock { $0 = { if $0.name.text == "a" { gate.pass() } } }
        let grace = RenewalEngine.StopGrace(exchanges: .zero, children: .zero, everything: .milliseconds(100))
        try await onThread {
            let running = try RunningEngine(certificates, hands, grace: grace) {
                $0.concurrency = 1
                $0.rebuildPatience = .milliseconds(100)
            }
            defer { gate.open() }
            try hands.wait(for: "rebuild b")
            #expect(running.log.lines.count { $0.contains("directory of a certificate hangs") } == 1)
        }
    }

    // MARK: Commands

    @Test func `a thousand requests for one certificate are one renewal`() async throws {
        let gate = Turnstile()
        let hands = ScriptedHands(disk: web.onDisk) { plan, _, _ in
            gate.pass()
            return .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
        }
        let running = try RunningEngine([web], hands)
        let name = web.name
        let receipts = try await onThread {
            _ = try running.snapshot { $0.certificate(name)?.state == .valid }
            let receipts = Lock<[CommandReceipt]>([])
            let clients = try (0..<10).map { number in
                try Worker(name: "client-\(number)") {
                    for _ in 0..<100 {
                        let receipt = running.engine.commands.submit(.renew(name, RenewRequest()))
                        receipts.withLock { $0.append(receipt) }
                    }
                }
            }
            for client in clients { client.join() }
            gate.open()
            _ = try running.snapshot { $0.certificate(name)?.installed?.serial == "2" }
            return receipts.withLock { $0 }
        }
        var ids: Set<RenewalID> = []
        var first = 0
        for receipt in receipts {
            guard case .accepted(let id, let joined) = receipt else { throw Missing() }
            ids.insert(id)
            if !joined { first += 1 }
        }
        #expect(receipts.count == 1000)
        #expect(ids.count == 1)
        #expect(first == 1)
        #expect(hands.count("attempt web") == 1)
        #expect(running.snapshot.renewals.count == 1)
    }

    @Test func `a renewal that was taken but isn't published yet is joined, not begun again`() throws {
        let now = Date.now
        let facts = AgentFacts(
            version: "", pid: 1, startedAt: now, configPath: "", configHash: "", configLoadedAt: now,
            lastTickAt: now)
        let board = PublishedStatus(
            Snapshot(
                takenAt: now, agent: facts, identity: IdentityStatus(name: "host"),
                broker: BrokerStatus(),
                certificates: [CertificateStatus(wanted: web, state: .valid, why: "")]))
        let inbox = CommandInbox(board: board, bell: try Bell(), run: "r")
        #expect(
            inbox.submit(.renew(web.name, RenewRequest(reason: "a", reload: false)))
                == .accepted(RenewalID("r-1"), joined: false))
        #expect(
            inbox.submit(.renew(web.name, RenewRequest(reason: "b", rotateKey: true)))
                == .accepted(RenewalID("r-1"), joined: true))
        #expect(
            inbox.drain() == [
                .requested(
                    web.name, RenewalID("r-1"), RenewRequest(reason: "a", reload: true, rotateKey: true))
            ])
        #expect(inbox.drain() == [])
        #expect(
            inbox.submit(.renew(web.name, RenewRequest())) == .accepted(RenewalID("r-1"), joined: true))
        _ = inbox.drain()
        inbox.published()
        #expect(
            inbox.submit(.renew(web.name, RenewRequest())) == .accepted(RenewalID("r-2"), joined: false))
        #expect(
            inbox.submit(.renew(try CertificateName(validating: "other"), RenewRequest()))
                == .unknownCertificate)
        inbox.close()
        #expect(inbox.submit(.renew(web.name, RenewRequest())) == .stopping)
    }

    @Test
    func `over its budget a certificate is renewed by who insists, and a running renewal can be joined`()
        throws
    {
        let now = Date.now
        let facts = AgentFacts(
            version: "", pid: 1, startedAt: now, configPath: "", configHash: "", configLoadedAt: now,
            lastTickAt: now)
        func publish(_ change: (inout CertificateStatus) -> Void) -> Snapshot {
            var status = CertificateStatus(wanted: web, state: .valid, why: "")
            status.nextOrderAt = now + 3600
            change(&status)
            return Snapshot(
                takenAt: now, agent: facts, identity: IdentityStatus(name: "host"), broker: BrokerStatus(),
                certificates: [status])
        }
        let board = PublishedStatus(publish { _ in })
        let inbox = CommandInbox(board: board, bell: try Bell(), run: "r")
        guard case .overBudget(let wait) = inbox.submit(.renew(web.name, RenewRequest())) else {
            throw Missing()
        }
        #expect(wait > .seconds(3500) && wait <= .seconds(3600))
        #expect(inbox.drain() == [])
        board.publish(publish { $0.currentRenewal = RenewalID("auto-1") })
        #expect(
            inbox.submit(.renew(web.name, RenewRequest())) == .accepted(RenewalID("auto-1"), joined: true))
        board.publish(publish { $0.nextOrderAt = now - 1 })
        _ = inbox.drain()
        inbox.published()
        #expect(
            inbox.submit(.renew(web.name, RenewRequest())) == .accepted(RenewalID("r-1"), joined: false))
        _ = inbox.drain()
        inbox.published()
        board.publish(publish { _ in })
        #expect(
            inbox.submit(.renew(web.name, RenewRequest(overBudget: true)))
                == .accepted(RenewalID("r-2"), joined: false))
    }

    @Test func `a request for another key joins no renewal that keeps the old one`() throws {
        let now = Date.now
        let facts = AgentFacts(
            version: "", pid: 1, startedAt: now, configPath: "", configHash: "", configLoadedAt: now,
            lastTickAt: now)
        func publish(rotating: Bool) -> Snapshot {
            var status = CertificateStatus(wanted: web, state: .renewing, why: "")
            status.currentRenewal = RenewalID("auto-1")
            status.currentRotatesKey = rotating
            return Snapshot(
                takenAt: now, agent: facts, identity: IdentityStatus(name: "host"), broker: BrokerStatus(),
                certificates: [status])
        }
        let board = PublishedStatus(publish(rotating: false))
        let inbox = CommandInbox(board: board, bell: try Bell(), run: "r")
        let plain = RenewRequest()
        let rotating = RenewRequest(rotateKey: true)
        func ask(_ request: RenewRequest) -> CommandReceipt { inbox.submit(.renew(web.name, request)) }
        #expect(ask(plain) == .accepted(RenewalID("auto-1"), joined: true))
        #expect(ask(rotating) == .accepted(RenewalID("r-1"), joined: false))
        #expect(ask(rotating) == .accepted(RenewalID("r-1"), joined: true))
        #expect(ask(plain) == .accepted(RenewalID("auto-1"), joined: true))
        #expect(
            inbox.drain() == [
                .requested(web.name, RenewalID("auto-1"), plain),
                .requested(web.name, RenewalID("r-1"), rotating),
            ])
        #expect(ask(plain) == .accepted(RenewalID("auto-1"), joined: true))
        #expect(ask(rotating) == .accepted(RenewalID("r-1"), joined: true))
        _ = inbox.drain()
        inbox.published()
        board.publish(publish(rotating: true))
        #expect(ask(rotating) == .accepted(RenewalID("auto-1"), joined: true))
    }

    @Test func `a run of the reload command that waits or runs is joined`() throws {
        let now = Date.now
        let facts = AgentFacts(
            version: "", pid: 1, startedAt: now, configPath: "", configHash: "", configLoadedAt: now,
            lastTickAt: now)
        var record = RenewalRecord(
            id: RenewalID("r-1"), certificate: web.name, kind: .reload, isForced: true, requestedAt: now)
        func publish(_ renewals: [RenewalRecord]) -> Snapshot {
            Snapshot(
                takenAt: now, agent: facts, identity: IdentityStatus(name: "host"), broker: BrokerStatus(),
                certificates: [CertificateStatus(wanted: web, state: .valid, why: "")], renewals: renewals)
        }
        let board = PublishedStatus(publish([]))
        let inbox = CommandInbox(board: board, bell: try Bell(), run: "r")
        #expect(inbox.submit(.reload(web.name)) == .accepted(RenewalID("r-1"), joined: false))
        #expect(inbox.submit(.reload(web.name)) == .accepted(RenewalID("r-1"), joined: true))
        #expect(inbox.drain() == [.reloadRequested(web.name, RenewalID("r-1"))])
        #expect(inbox.submit(.reload(web.name)) == .accepted(RenewalID("r-1"), joined: true))
        record.state = .reloading
        board.publish(publish([record]))
        inbox.published()
        #expect(inbox.submit(.reload(web.name)) == .accepted(RenewalID("r-1"), joined: true))
        record.state = .succeeded
        board.publish(publish([record]))
        #expect(inbox.submit(.reload(web.name)) == .accepted(RenewalID("r-2"), joined: false))
    }

    /// The API may be asked before the engine's thread has come to its first round.
    @Test func `every certificate is known from the beginning, as not looked at yet`() throws {
        let now = Date.now
        let engine = try RenewalEngine(
            facts: AgentFacts(
                version: "test", pid: 1, startedAt: now, configPath: "/agent.yml", configHash: "",
                configLoadedAt: now, lastTickAt: now),
            certificates: [web], settings: LifecycleSettings(identityName: "host", brokers: []),
            hands: ScriptedHands(attempting: Self.installing("1")),
            logger: Logger(level: .debug, destination: .capture(LogCapture())))
        let snapshot = engine.status.current()
        #expect(snapshot.certificate(web.name)?.state == .unknown)
        #expect(snapshot.identity.name == "host")
        #expect(!snapshot.agent.hasEvaluated)
    }

    @Test func `each snapshot wakes who listens`() throws {
        let now = Date.now
        let facts = AgentFacts(
            version: "", pid: 1, startedAt: now, configPath: "", configHash: "", configLoadedAt: now,
            lastTickAt: now)
        let snapshot = Snapshot(
            takenAt: now, agent: facts, identity: IdentityStatus(name: "host"), broker: BrokerStatus(),
            certificates: [])
        let board = PublishedStatus(snapshot)
        let bell = try Bell()
        board.whenPublished { bell.ring() }
        #expect(!bell.hear())
        board.publish(snapshot)
        #expect(bell.hear())
    }

    /// Each of them takes seconds to give up.
    @Test func `a service that can't be asked what it serves holds nothing else up`() async throws {
        let gate = Turnstile()
        let served = try (0..<60).map { number in
            var certificate = try ManagedCertificate.named("s\(number)")
            certificate.verify = VerifyTarget(address: "127.0.0.1:1")
            return certificate
        }
        let web = try ManagedCertificate.named("web", reload: "true")
        let disk = (served + [web]).map(\.onDisk).reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        let hands = ScriptedHands(disk: disk, verifying: { gate.pass() }) { _, _, _ in
            .unchanged(serial: "1")
        }
        let running = try RunningEngine(served + [web], hands)
        try await onThread {
            _ = try running.snapshot { snapshot in snapshot.agent.hasEvaluated }
            try gate.waitForArrivals(4)
            _ = running.engine.commands.submit(.reload(web.name))
            let end = Clock.boottime() + .seconds(5)
            let pause = try Bell()
            while hands.count("reload web") == 0, Clock.boottime() < end {
                _ = pause.wait(until: Clock.boottime() + .milliseconds(5))
            }
            #expect(hands.count("reload web") == 1)
            gate.open()
        }
    }

    @Test func `a reload that is asked for is run once for all who ask meanwhile`() async throws {
        let gate = Turnstile()
        let certificate = try ManagedCertificate.named("web", reload: "true")
        let hands = ScriptedHands(
            disk: certificate.onDisk,
            reloading: { _, _ in
                gate.pass()
                return .succeeded
            }, attempting: Self.installing("2"))
        let running = try RunningEngine([certificate], hands)
        try await onThread {
            _ = try running.snapshot { $0.certificate(certificate.name)?.state == .valid }
            let receipt = running.engine.commands.submit(.reload(certificate.name))
            guard case .accepted(let id, joined: false) = receipt else { throw Missing() }
            try gate.waitForArrivals(1)
            for _ in 0..<20 {
                let receipt = running.engine.commands.submit(.reload(certificate.name))
                guard receipt == .accepted(id, joined: true) else { throw Missing() }
            }
            gate.open()
            _ = try running.snapshot { $0.renewal(id)?.state == .succeeded }
            _ = try running.snapshot { $0.certificate(certificate.name)?.reload.isRunning == false }
        }
        #expect(hands.count("reload web") == 1)
        #expect(running.snapshot.renewals.count == 1)
    }

    // MARK: Outcomes

    @Test func `outcomes and steps of attempts are published`() async throws {
        let outcomes = Lock<[AttemptOutcome]>([
            failed(.forbidden), .unchanged(serial: "1"),
            .installed(IssuedReport(certificate: web.issued(serial: "2"), warnings: ["odd"])),
        ])
        let hands = ScriptedHands(disk: web.onDisk) { plan, _, told in
            told(.attemptStep(plan.certificate.name, .key))
            told(.attemptStep(plan.certificate.name, .order))
            told(
                .brokerExchanged(
                    BrokerExchange(
                        broker: plan.broker, endpoint: "/v1/certificates", status: 200, took: .zero)))
            return outcomes.withLock { $0.removeFirst() }
        }
        let running = try RunningEngine([web], hands)
        let name = web.name
        let records = try await onThread {
            _ = try running.snapshot { $0.certificate(name)?.state == .valid }
            var records: [RenewalRecord] = []
            for _ in 0..<3 {
                let receipt = running.engine.commands.submit(.renew(name, RenewRequest(reason: "test")))
                guard case .accepted(let id, _) = receipt else { throw Missing() }
                let snapshot = try running.snapshot { $0.renewal(id)?.state.isFinal == true }
                records.append(try required(snapshot.renewal(id)))
            }
            return records
        }
        #expect(records.map(\.state) == [.failed, .unchanged, .succeeded])
        #expect(records[0].failure?.failureClass == .forbidden)
        #expect(records[1].serial == "1")
        #expect(records[2].serial == "2")
        #expect(records[2].warnings == ["odd"])
        for record in records {
            #expect(record.steps.map(\.stage) == [.key, .order])
            #expect(record.steps.allSatisfy { $0.took != nil })
            #expect(record.requestReason == "test")
        }
        let status = try required(running.snapshot.certificate(name))
        #expect(status.installed?.serial == "2")
        #expect(status.lastError == nil)
        #expect(status.renewals == ResultCounts(succeeded: 1, failed: 1, unchanged: 1))
        let request = BrokerRequestCount(endpoint: "/v1/certificates", code: "200", count: 3)
        #expect(running.snapshot.broker.requests == [request])
        #expect(running.log.lines.contains { $0.contains("certificate installed") })
    }

    @Test func `what a reload is owed is on the disk before the reload begins`() async throws {
        let certificate = try ManagedCertificate.named("web", reload: "true")
        let hands = ScriptedHands(attempting: Self.installing("2"))
        let running = try RunningEngine([certificate], hands)
        try await onThread {
            try hands.wait(for: "reload web")
            _ = try running.snapshot { $0.certificate(certificate.name)?.state == .valid }
        }
        let entries = hands.entries
        let attempt = try required(entries.firstIndex(of: "attempt web"))
        let persisted = try required(entries.firstIndex(of: "persist web owing a reload"))
        let reload = try required(entries.firstIndex(of: "reload web"))
        #expect(attempt < persisted && persisted < reload)
        // A crash between install and reload must not look like a first start.
        #expect(entries.prefix(attempt).contains("persist web"))
        #expect(entries.last == "persist web")
    }

    @Test func `nothing is sent while the disk takes no records, and at once when it does again`()
        async throws
    {
        let web = try ManagedCertificate.named("web")
        let hands = ScriptedHands { plan, _, _ in
            .installed(IssuedReport(certificate: plan.certificate.issued(serial: "1")))
        }
        hands.refusesRecords.withLock { $0 = true }
        try await onThread {
            let running = try RunningEngine([web], hands, longestSleep: .milliseconds(20))
            let refused = try running.snapshot {
                $0.certificate(web.name)?.lastError?.failure.failureClass == .stateDirectoryFailed
            }
            #expect(refused.certificate(web.name)?.ordersLast7Days == 0)
            #expect(hands.count("attempt web") == 0)
            hands.refusesRecords.withLock { $0 = false }
            // Long before the back-off is over.
            _ = try running.snapshot { $0.certificate(web.name)?.state == .valid }
        }
        #expect(hands.count("attempt web") == 1)
    }

    @Test func `what failed for want of the journal is tried at once when that can be read`() async throws {
        let web = try ManagedCertificate.named("web")
        let lacksJournal = Lock(true)
        let hands = ScriptedHands { plan, _, _ in
            lacksJournal.withLock { $0 }
                ? .failed(RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "EIO"))
                : .installed(IssuedReport(certificate: plan.certificate.issued(serial: "1")))
        }
        hands.lacksJournal.withLock { $0 = true }
        try await onThread {
            let running = try RunningEngine([web], hands, longestSleep: .milliseconds(20)) {
                $0.retryBase = .seconds(3600)
            }
            let refused = try running.snapshot {
                $0.certificate(web.name)?.lastError?.failure.failureClass == .stateDirectoryFailed
            }
            #expect(refused.agent.unreadJournal != nil)
            lacksJournal.withLock { $0 = false }
            hands.lacksJournal.withLock { $0 = false }
            _ = try running.snapshot { $0.certificate(web.name)?.state == .valid }
        }
        #expect(hands.count("attempt web") == 2)
    }

    @Test func `one certificate that fails stops no other`() async throws {
        let certificates = try (0..<10).map { try ManagedCertificate.named("c\($0)") }
        let refused = failed(.forbidden)
        let hands = ScriptedHands { plan, _, _ in
            plan.certificate.name.text == "c3"
                ? refused : .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
        }
        let running = try RunningEngine(certificates, hands, once: true)
        try await onThread { try running.waitForEnd() }
        let states = running.snapshot.certificates.map(\.state)
        #expect(states.filter { $0 == .valid }.count == 9)
        #expect(running.snapshot.certificates[3].lastError?.failure.failureClass == .forbidden)
    }

    // MARK: One pass

    @Test func `one pass ends by itself, its reload included`() async throws {
        let due = try ManagedCertificate.named("due", reload: "true")
        let hands = ScriptedHands(disk: web.onDisk, attempting: Self.installing("2"))
        let running = try RunningEngine([web, due], hands, once: true)
        try await onThread { try running.waitForEnd() }
        #expect(hands.count("attempt due") == 1)
        #expect(hands.count("attempt web") == 0)
        #expect(hands.count("reload due") == 1)
        #expect(running.snapshot.certificates.map(\.state) == [.valid, .valid])
        #expect(
            running.log.lines.contains {
                $0.contains("level=INFO") && $0.contains("certificate skipped, not in renewal window")
                    && $0.contains("certificate=web")
            })
    }

    @Test func `one pass does not end before the reload that waits for company`() async throws {
        let certificates = [
            try ManagedCertificate.named("a", reload: "true"),
            try ManagedCertificate.named("b", reload: "true"),
        ]
        let unreachable = failed(.brokerUnreachable)
        let diary = Lock<ScriptedHands?>(nil)
        defer { diary.withLock { $0 = nil } }
        let hands = ScriptedHands { plan, _, _ in
            guard plan.certificate.name.text == "b" else {
                return .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
            }
            // Only when the other waits already; then nothing runs any more, and this one is held.
            try? diary.withLock { $0 }?.wait(for: "persist a owing a reload")
            return unreachable
        }
        diary.withLock { $0 = hands }
        let running = try RunningEngine(certificates, hands, once: true) {
            $0.reloadGathering = .milliseconds(1500)
        }
        try await onThread { try running.waitForEnd() }
        #expect(hands.count("reload a") == 1)
    }

    // MARK: The end

    @Test func `a stop before the start ends at once`() async throws {
        let hands = ScriptedHands(attempting: Self.installing("2"))
        let running = try RunningEngine([web], hands, stopped: true)
        try await onThread { try running.waitForEnd() }
        #expect(hands.count("attempt web") == 0)
        #expect(running.engine.commands.submit(.renew(web.name, RenewRequest())) == .stopping)
        #expect(running.snapshot.agent.stopping)
    }

    @Test func `an exchange that hangs is cut off after its grace, and children are not`() async throws {
        let stopped = failed(.stopped)
        let hands = ScriptedHands { _, stop, _ in
            while !stop.exchanges.isRaised, Clock.boottime() < .seconds(1 << 40) {
                _ = try? Bell().wait(until: Clock.boottime() + .milliseconds(2))
            }
            return stopped
        }
        let running = try RunningEngine(
            [web], hands,
            grace: RenewalEngine.StopGrace(exchanges: .milliseconds(150), children: .seconds(60)))
        let took = try await onThread {
            try hands.wait(for: "attempt web")
            let start = Clock.boottime()
            running.engine.stop()
            try running.waitForEnd()
            return Clock.boottime() - start
        }
        #expect(took >= .milliseconds(150) && took < .seconds(5))
        let stop = try required(hands.stops.withLock { $0.first })
        #expect(stop.exchanges.isRaised)
        #expect(!stop.children.isRinging)
        #expect(running.snapshot.agent.stopping)
        #expect(running.snapshot.renewals.map(\.state) == [.abandoned])
    }

    @Test func `what hangs in a system call is left behind after the longest grace`() async throws {
        let gate = Turnstile()
        let hands = ScriptedHands { plan, _, _ in
            gate.pass()
            return .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
        }
        let running = try RunningEngine(
            [web], hands,
            grace: RenewalEngine.StopGrace(
                exchanges: .zero, children: .zero, everything: .milliseconds(200)))
        try await onThread {
            try gate.waitForArrivals(1)
            running.engine.stop()
            let began = Clock.boottime()
            try running.waitForEnd()
            #expect(Clock.boottime() - began < .seconds(10))
            #expect(running.log.lines.contains { $0.contains("work that hangs is left behind") })
            gate.open()
        }
    }

    @Test func `a look that hangs is not waited for at the end`() async throws {
        let gate = Turnstile()
        let hands = ScriptedHands(looking: { gate.pass() }, attempting: Self.installing("2"))
        let running = try RunningEngine([web], hands, grace: RenewalEngine.StopGrace())
        try await onThread {
            try gate.waitForArrivals(1)
            running.engine.stop()
            let began = Clock.boottime()
            try running.waitForEnd()
            #expect(Clock.boottime() - began < .seconds(5))
            gate.open()
        }
    }

    @Test func `a reload that hangs is ended after the longer grace`() async throws {
        let stopped = RenewalFailure(stage: .reload, .stopped, detail: "scripted")
        let certificate = try ManagedCertificate.named("web", reload: "sleep 60")
        let hands = ScriptedHands(
            reloading: { _, stop in
                while !stop.children.isRinging {
                    _ = try? Bell().wait(until: Clock.boottime() + .milliseconds(2))
                }
                return .failed(stopped)
            }, attempting: Self.installing("2"))
        let running = try RunningEngine(
            [certificate], hands,
            grace: RenewalEngine.StopGrace(exchanges: .zero, children: .milliseconds(200)))
        let took = try await onThread {
            try hands.wait(for: "reload web")
            let start = Clock.boottime()
            running.engine.stop()
            try running.waitForEnd()
            return Clock.boottime() - start
        }
        #expect(took >= .milliseconds(200) && took < .seconds(5))
        // It is owed still: the next start finds it.
        #expect(hands.entries.last == "persist web owing a reload")
    }

    @Test func `what ends within the grace is kept, and nothing new is begun`() async throws {
        let gate = Turnstile()
        let certificate = try ManagedCertificate.named("web", reload: "true")
        let hands = ScriptedHands { plan, _, _ in
            gate.pass()
            return .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
        }
        let running = try RunningEngine(
            [certificate], hands,
            grace: RenewalEngine.StopGrace(exchanges: .seconds(60), children: .seconds(60)))
        try await onThread {
            try hands.wait(for: "attempt web")
            running.engine.stop()
            _ = try running.snapshot { $0.agent.stopping }
            gate.open()
            try running.waitForEnd()
        }
        #expect(hands.count("reload web") == 0)
        #expect(hands.entries.last == "persist web owing a reload")
        let stop = try required(hands.stops.withLock { $0.first })
        #expect(!stop.exchanges.isRaised)
        #expect(!stop.children.isRinging)
    }

    // MARK: The pulse

    @Test func `the first evaluation is done when every certificate has been looked at`()
        async throws
    {
        let waits = Turnstile()
        let hands = ScriptedHands(
            disk: web.onDisk, looking: { waits.pass() }, attempting: Self.installing("2"))
        let running = try RunningEngine([web], hands)
        try await onThread {
            try waits.waitForArrivals(1)
            #expect(!running.engine.status.current().agent.hasEvaluated)
            waits.open()
            #expect(try running.snapshot { $0.certificates.first?.state == .valid }.agent.hasEvaluated)
        }
    }

    @Test func `an idle engine comes round, and one that is stuck is seen to be`() async throws {
        let stuck = Turnstile()
        let hangs = Lock(false)
        let hands = ScriptedHands(
            disk: web.onDisk, comingRound: { if hangs.withLock({ $0 }) { stuck.pass() } },
            attempting: Self.installing("2"))
        let running = try RunningEngine([web], hands, longestSleep: .milliseconds(5)) {
            $0.checkInterval = .milliseconds(50)
        }
        try await onThread {
            var last = try running.snapshot { $0.certificates.first?.state == .valid }.takenAt
            for _ in 0..<3 { last = try running.snapshot { $0.takenAt > last }.takenAt }
            hangs.withLock { $0 = true }
            try stuck.waitForArrivals(1)
            let pause = try Bell()
            while running.engine.heartbeat.age < .milliseconds(100) {
                _ = pause.wait(until: Clock.boottime() + .milliseconds(5))
            }
            hangs.withLock { $0 = false }
            stuck.open()
            while running.engine.heartbeat.age > .milliseconds(50) {
                _ = pause.wait(until: Clock.boottime() + .milliseconds(1))
            }
        }
    }

    @Test func `the same name twice is the first one, not the end`() async throws {
        let hands = ScriptedHands(attempting: Self.installing("2"))
        let running = try RunningEngine([web, web], hands, once: true)
        try await onThread { try running.waitForEnd() }
        #expect(hands.count("attempt web") == 1)
    }
}
