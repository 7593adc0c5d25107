import FoundationEssentials
import Testing

@testable import Lifecycle

/// Files that go from one certificate to another while something is done with them.
@Suite struct SuccessionTests {
    private func renamed(_ certificate: ManagedCertificate, _ name: String) throws -> ManagedCertificate {
        var other = certificate
        other.name = try named(name)
        return other
    }

    private func report(_ certificate: ManagedCertificate, at now: Date) -> AttemptOutcome {
        .installed(IssuedReport(certificate: certificate.issued(at: now, serial: "b2")))
    }

    /// A renewal of `www` is under way when it is called `web`.
    private func renamedMeanwhile() throws -> (
        host: TestHost, www: ManagedCertificate, web: ManagedCertificate
    ) {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        #expect(host.tell(.looked(www.name, .nothing)).started == ["www"])
        #expect(host.tell(.configured([web], host.settings)).looks == [web.name])
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty)
        return (host, www, web)
    }

    @Test func `a certificate that is renamed while it is renewed takes what is installed, and its reload`()
        throws
    {
        var (host, www, web) = try renamedMeanwhile()
        let held = try host.status(web.name)
        #expect(held.state == .missing && held.why.contains("begun for 'www'") && held.nextAttemptAt == nil)
        #expect(host.nextPlan(within: .minutes(30)) == nil)

        let ended = host.tell(.attemptEnded(www.name, report(www, at: host.now.wall)))
        #expect(ended.looks == [web.name] && ended.plans.isEmpty && ended.reloads.isEmpty)
        #expect(host.snapshot().certificates.map(\.name) == [web.name])
        let looked = host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(looked.reloads.map(\.names) == [[web.name]] && looked.plans.isEmpty)
        #expect(host.tell(.reloadEnded([web.name], .succeeded)).records.last?.reload == nil)
        let status = try host.status(web.name)
        #expect(status.state == .valid && status.ordersLast7Days == 1)
        #expect(host.snapshot().renewals.map(\.state) == [.succeeded])
    }

    @Test func `a renamed certificate doesn't order while the order of its old name may be under way`() throws
    {
        var (host, www, web) = try renamedMeanwhile()
        host.tell(.attemptEnded(www.name, .failed(.issuance)))
        let failedAt = host.now.boottime
        host.tell(.looked(web.name, .nothing))
        #expect(try host.status(web.name).ordersLast7Days == 1)
        #expect(try host.status(web.name).consecutiveFailures == 1)
        #expect(host.nextPlan(within: .hours(2))?.certificate.name == web.name)
        #expect(host.now.boottime - failedAt >= .seconds(90))
    }

    @Test func `a process that dies then has the next one wait as well`() throws {
        let www = try managed("www")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        let record = try #require(host.tell(.configured([web], host.settings)).records.last)
        #expect(record.attemptUnderWaySince != nil)
        var next = try TestHost([web], records: [web.name: record], at: host.now + .seconds(1))
        #expect(next.tell(.looked(web.name, .nothing)).plans.isEmpty)
        #expect(try next.status(web.name).ordersLast7Days == 1)
    }

    @Test func `the key that was ordered for goes along, until its certificate is installed`() throws {
        let www = try managed("www")
        let (second, third) = (try renamed(www, "web"), try renamed(www, "site"))
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        host.tell(
            .attemptEnded(
                www.name, .failed(RenewalFailure(stage: .order, .brokerTimeout, detail: "no answer"))))
        for next in [second, third] {
            host.tell(.configured([next], host.settings))
            host.tell(.looked(next.name, .nothing))
        }
        let plan = host.nextPlan(within: .hours(2))
        #expect(plan?.formerNames.map(\.text) == ["web", "www"])
        // A certificate of its own under that name has a key of its own.
        host.tell(
            .attemptEnded(
                third.name, .failed(RenewalFailure(stage: .order, .brokerTimeout, detail: "no answer"))))
        var other = www
        other.outputs = try managed("other").outputs
        host.tell(.configured([third, other], host.settings))
        var next = host.nextPlan(within: .hours(2))
        if next?.certificate.name == other.name { next = host.nextPlan(within: .hours(2)) }
        #expect(next?.certificate.name == third.name)
        #expect(next?.formerNames.map(\.text) == ["web"])
    }

    @Test func `one that got another name while no agent ran waits for an order that was cut off`() throws {
        let web = try managed("web")
        var record = CertificateRecord()
        record.attemptUnderWaySince = Date(timeIntervalSince1970: 1_799_999_990)
        var host = try TestHost([web], records: [try named("www"): record])
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty)
        #expect(try host.status(web.name).why.contains("may still be working"))
        let start = host.now.boottime
        #expect(host.nextPlan(within: .minutes(10)) != nil)
        #expect(host.now.boottime - start > .seconds(90))
        // A record of long ago holds nobody.
        record.attemptUnderWaySince = Date(timeIntervalSince1970: 1_799_990_000)
        var later = try TestHost([web], records: [try named("www"): record])
        #expect(later.tell(.looked(web.name, .nothing)).started == ["web"])
    }

    @Test(arguments: [true, false])
    func `one that got another name while no agent ran is reloaded after an install that was cut off`(
        diedInAttempt: Bool
    ) throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reloadedSerial = "a1"
        record.attemptOrigin = AttemptOrigin(serial: "a1")
        if diedInAttempt { record.attemptUnderWaySince = Date(timeIntervalSince1970: 1_799_999_990) }
        var host = try TestHost([web], records: [try named("www"): record])
        let looked = host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(looked.reloads.map(\.names) == [[web.name]])
        // What somebody took out long ago owes nobody anything.
        record.unmanagedSince = Date(timeIntervalSince1970: 1_799_999_990)
        var later = try TestHost([web], records: [try named("www"): record])
        #expect(
            later.tell(.looked(web.name, web.found(at: later.now.wall, serial: "b2"))).reloads.isEmpty)
    }

    @Test(arguments: [true, false])
    func `one that got another name while no agent ran waits for that order through another restart as well`(
        diedInAttempt: Bool
    ) throws {
        let web = try managed("web")
        let www = try named("www")
        let at = Date(timeIntervalSince1970: 1_799_999_990)
        var record = CertificateRecord()
        if diedInAttempt {
            record.attemptUnderWaySince = at
        } else {
            record.orders.note(at: at)
            record.possibleOrderUntil = at + 90
        }
        let first = try TestHost([web], records: [www: record])
        var records: [CertificateName: CertificateRecord] = [:]
        for case .persist(let name, let record) in first.setUp { records[name] = record }
        #expect(records[www]?.unmanagedSince != nil)
        var next = try TestHost([web], records: records, at: first.now + .seconds(10))
        #expect(next.tell(.looked(web.name, .nothing)).plans.isEmpty)
        let status = try next.status(web.name)
        #expect(status.why.contains("may still be working") && status.ordersLast7Days == 1)
        #expect(next.nextPlan(within: .minutes(10)) != nil)
        #expect(next.now.wall >= at + 90)
    }

    @Test func `a renamed certificate keeps its back-off and its budget`() throws {
        let www = try managed("www")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        host.tell(.attemptEnded(www.name, .failed(.forbidden)))
        let before = try host.status(www.name)
        let configured = host.tell(.configured([web], host.settings))
        #expect(configured.records.contains { $0.backoffStep == 1 && $0.unmanagedSince == nil })
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty)
        let after = try host.status(web.name)
        #expect(after.nextAttemptAt == before.nextAttemptAt && after.lastError == before.lastError)
        // Other names are another order.
        var other = try managed("other")
        other.outputs = web.outputs
        host.tell(.configured([other], host.settings))
        #expect(host.tell(.looked(other.name, .nothing)).started == ["other"])
    }

    @Test func `who takes the files of a certificate that moves waits for its install, and has it reloaded`()
        throws
    {
        let first = try managed("c1", reload: "reload it")
        var moved = first
        moved.outputs = try managed("elsewhere").outputs
        var second = try managed("c2", reload: "reload the other")
        second.outputs = first.outputs
        var host = try TestHost([first])
        host.tell(.looked(first.name, .nothing))
        host.tell(.configured([moved, second], host.settings))
        #expect(host.tell(.looked(second.name, .nothing)).plans.isEmpty)

        let ended = host.tell(.attemptEnded(first.name, report(first, at: host.now.wall)))
        #expect(Set(ended.looks) == [first.name, second.name])
        #expect(host.tell(.looked(first.name, .nothing)).started == ["c1"])
        let looked = host.tell(.looked(second.name, second.found(at: host.now.wall, serial: "b2")))
        #expect(looked.plans.isEmpty)
        #expect(looked.reloads.map(\.command) == ["reload the other"])
    }

    @Test func `two certificates that change places don't cross`() throws {
        let first = try managed("c1")
        let second = try managed("c2")
        var (firstMoved, secondMoved) = (first, second)
        firstMoved.outputs = second.outputs
        secondMoved.outputs = first.outputs
        var host = try TestHost([first, second])
        host.tell(.looked(first.name, .nothing))
        host.tell(.looked(second.name, .nothing))
        host.tell(.configured([firstMoved, secondMoved], host.settings))
        let ended = host.tell(.attemptEnded(first.name, report(first, at: host.now.wall)))
        #expect(ended.plans.isEmpty)
        #expect(host.tell(.looked(first.name, .nothing)).plans.isEmpty, "the other one still writes there")
        host.tell(.attemptEnded(second.name, report(second, at: host.now.wall)))
        #expect(host.tell(.looked(first.name, second.found(at: host.now.wall))).started == ["c1"])
        #expect(host.tell(.looked(second.name, first.found(at: host.now.wall))).started == ["c2"])
    }

    @Test func `a rebuild under an old name holds the new one`() throws {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        var found = www.found(at: host.now.wall)
        found.rebuildable = [.chain]
        let isRebuild = { (action: Action) in if case .rebuild = action { true } else { false } }
        #expect(host.tell(.looked(www.name, found)).contains(where: isRebuild))
        host.tell(.configured([web], host.settings))
        #expect(!host.tell(.looked(web.name, found)).contains(where: isRebuild))
        #expect(host.tell(.rebuilt(www.name, nil)).looks == [web.name])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        #expect(try host.status(web.name).state == .reloadPending)
    }

    // MARK: Names that go and come back

    /// The records as another process would find them.
    private func stored(_ actions: [Action]) -> [CertificateName: CertificateRecord] {
        var records: [CertificateName: CertificateRecord] = [:]
        for case .persist(let name, let record) in actions { records[name] = record }
        return records
    }

    @Test func `one that gets its earlier name back while no agent runs waits for the order of the other`()
        throws
    {
        let www = try managed("www")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        var records = stored(host.tell(.attemptEnded(www.name, .failed(.forbidden))))
        var next = try TestHost([web], records: records, at: host.now + .hours(2))
        records.merge(stored(next.setUp)) { $1 }
        let begun = next.tell(.looked(web.name, .nothing))
        #expect(begun.started == ["web"])
        records.merge(stored(begun)) { $1 }

        var last = try TestHost([www], records: records, at: next.now + .seconds(10))
        #expect(last.tell(.looked(www.name, .nothing)).plans.isEmpty)
        #expect(last.nextPlan(within: .minutes(10))?.formerNames == [web.name])
        #expect(try last.status(www.name).ordersLast7Days == 1)
    }

    @Test func `the key goes along through two names that it got while no agent ran`() throws {
        let www = try managed("www")
        let (web, site) = (try renamed(www, "web"), try renamed(www, "site"))
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        let lost = RenewalFailure(stage: .order, .brokerTimeout, detail: "no answer")
        var records = stored(host.tell(.attemptEnded(www.name, .failed(lost))))
        let next = try TestHost([web], records: records, at: host.now + .seconds(5))
        records.merge(stored(next.setUp)) { $1 }
        var last = try TestHost([site], records: records, at: next.now + .seconds(5))
        let plan = last.tell(.looked(site.name, .nothing)).plans.first ?? last.nextPlan(within: .minutes(10))
        #expect(plan?.formerNames == [web.name, www.name])
    }

    @Test func `the order of an earlier name is not counted for who has other files by now`() throws {
        let www = try managed("www")
        let web = try renamed(www, "web")
        var elsewhere = web
        elsewhere.outputs = try managed("elsewhere").outputs
        var host = try TestHost([www])
        host.tell(.looked(www.name, .nothing))
        host.tell(.configured([web], host.settings))
        host.tell(.configured([elsewhere], host.settings))
        host.tell(.attemptEnded(www.name, report(www, at: host.now.wall)))
        #expect(host.state.certificates.map(\.name) == [web.name])
        #expect(host.state.certificates.first?.record.attemptUnderWaySince == nil)
    }
}
