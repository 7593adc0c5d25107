import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct ReloadTests {
    let broken = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")

    private func install(_ certificate: ManagedCertificate, serial: String = "b2", on host: inout TestHost)
        -> [Action]
    {
        let issued = certificate.issued(at: host.now.wall, serial: serial)
        return host.tell(.attemptEnded(certificate.name, .installed(IssuedReport(certificate: issued))))
    }

    @Test func `the debt is stored before the command runs`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        let start = host.tell(.looked(web.name, .nothing))
        #expect(
            start.records.count == 1, "a record before the first install, so that a crash after it is noticed"
        )
        let actions = install(web, on: &host)
        let persist = try #require(
            actions.firstIndex {
                if case .persist(_, let record) = $0 { record.reload != nil } else { false }
            })
        let reload = try #require(actions.firstIndex { if case .startReload = $0 { true } else { false } })
        #expect(persist < reload)
        let done = host.tell(.reloadEnded([web.name], .succeeded))
        #expect(done.records.last?.reload == nil)
        #expect(done.records.last?.reloadedSerial == "b2")
        #expect(try host.status(web.name).reloads.succeeded == 1)
    }

    @Test func `a failed reload is pending, tried on its schedule, and doesn't hold renewals`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        _ = install(web, on: &host)
        let found = web.found(at: host.now.wall, serial: "b2")
        var waits: [Duration] = []
        for _ in 0..<6 {
            host.tell(.reloadEnded([web.name], .failed(broken)))
            #expect(try host.status(web.name).state == .reloadPending)
            let start = host.now.boottime
            #expect(
                !host.wait(atMost: .hours(7), found: { _ in found }, for: { ![$0].reloads.isEmpty }).isEmpty)
            waits.append(host.now.boottime - start)
        }
        #expect(waits == [.seconds(30), .minutes(2), .minutes(10), .hours(1), .hours(6), .hours(6)])
        host.tell(.reloadEnded([web.name], .failed(broken)))
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).started == ["web"])
        let status = try host.status(web.name)
        #expect(status.reload.failedAttempts == 7)
        #expect(status.reload.pendingSince != nil)
    }

    @Test func `a pending reload runs at once when asked`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        _ = install(web, on: &host)
        host.tell(.reloadEnded([web.name], .failed(broken)))
        #expect(host.tell(.reloadRequested(web.name, RenewalID("r"))).looks == [web.name])
        let found = web.found(at: host.now.wall, serial: "b2")
        #expect(host.tell(.looked(web.name, found)).reloads.count == 1)
        host.tell(.reloadEnded([web.name], .succeeded))
        #expect(host.snapshot().renewal(RenewalID("r"))?.state == .succeeded)
        #expect(try host.status(web.name).state == .valid)
    }

    @Test func `what was installed in one round and shares its command is reloaded once`() throws {
        let list = try (0..<5).map { try managed("c\($0)", reload: "systemctl reload nginx") }
        var host = try TestHost(list)
        for one in list { host.tell(.looked(one.name, .nothing)) }
        for one in list.dropLast() { #expect(install(one, on: &host).reloads.isEmpty) }
        let reloads = install(list[4], on: &host).reloads
        #expect(reloads.map(\.names) == [list.map(\.name)])
        host.tell(.reloadEnded(list.map(\.name), .succeeded))
        #expect(host.snapshot().certificates.allSatisfy { $0.state == .valid && $0.reloads.succeeded == 1 })
    }

    @Test func `a shared reload does not wait for ever for the slowest`() throws {
        let fast = try managed("fast", reload: "reload nginx")
        let slow = try managed("slow", reload: "reload nginx")
        var host = try TestHost([fast, slow])
        host.tell(.looked(fast.name, .nothing))
        host.tell(.looked(slow.name, .nothing))
        #expect(install(fast, on: &host).reloads.isEmpty)
        let reload = host.wait(atMost: .seconds(11), for: { ![$0].reloads.isEmpty })
        #expect(reload.reloads.first?.names == [fast.name])
    }

    @Test func `a command that asks for its certificate is not shared, and never runs twice at once`() throws
    {
        let list = try ["a", "b"].map { try managed($0, reload: "notify $CERTPLANE_SERIAL") }
        var host = try TestHost(list)
        for one in list { host.tell(.looked(one.name, .nothing)) }
        #expect(install(list[0], on: &host).reloads.map(\.names) == [[list[0].name]])
        #expect(install(list[1], on: &host).reloads.isEmpty)
        #expect(host.tell(.reloadEnded([list[0].name], .succeeded)).reloads.map(\.names) == [[list[1].name]])
    }

    @Test func `an install during a run is followed by another run`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        #expect(install(web, on: &host).reloads.count == 1)
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        #expect(install(web, serial: "c3", on: &host).reloads.isEmpty)
        let again = host.tell(.reloadEnded([web.name], .succeeded))
        #expect(again.reloads.count == 1)
        let done = host.tell(.reloadEnded([web.name], .succeeded))
        #expect(done.records.last?.reloadedSerial == "c3")
        #expect(host.snapshot().renewal(RenewalID("f"))?.state == .succeeded)
    }

    @Test func `a request may do without the reload`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest(reload: false)))
        #expect(install(web, on: &host).reloads.isEmpty)
        #expect(try host.status(web.name).state == .valid)
    }

    @Test func `a debt survives a restart`() throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_000))
        record.reload?.attempts = 3
        record.reload?.nextAttemptAt = Date(timeIntervalSince1970: 1_800_000_060)
        var host = try TestHost([web], records: [web.name: record])
        #expect(host.setUp.reloads.isEmpty)
        #expect(host.tell(.looked(web.name, web.found(at: host.now.wall))).reloads.isEmpty)
        let reload = host.wait(atMost: .seconds(61), for: { ![$0].reloads.isEmpty })
        #expect(reload.reloads.count == 1)
    }

    @Test(arguments: [true, false])
    func `a certificate that got another name while no agent ran is reloaded for`(isOwed: Bool) throws {
        let web = try managed("web", reload: "reload it")
        let gone = try named("gone")
        var record = CertificateRecord()
        record.reloadedSerial = "a1"
        if isOwed { record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_000)) }
        var host = try TestHost([web], records: [gone: record])
        let looked = host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let later = host.wait(atMost: .seconds(61), for: { ![$0].reloads.isEmpty })
        #expect((looked + later).reloads.map(\.names) == (isOwed ? [[web.name]] : []))
        guard isOwed else { return }
        let kept = try #require(host.tell(.reloadEnded([web.name], .succeeded)).records.last)
        record.unmanagedSince = host.now.wall
        var next = try TestHost([web], records: [web.name: kept, gone: record], at: host.now + .seconds(1))
        #expect(next.tell(.looked(web.name, web.found(at: host.now.wall))).reloads.isEmpty)
        #expect(next.wait(atMost: .seconds(61), for: { ![$0].reloads.isEmpty }).reloads.isEmpty)
    }

    @Test func `the schedule goes on through restarts, and is never faster than six hours in the end`() throws
    {
        let web = try managed("web", reload: "systemctl restart it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        _ = install(web, on: &host)
        let found = web.found(at: host.now.wall, lifetime: .days(400), serial: "b2")
        var waits: [Duration] = []
        for _ in 0..<7 {
            let record = host.tell(.reloadEnded([web.name], .failed(broken))).records.last
            let failedAt = host.now.boottime
            // The process dies at once, and the next one starts from the stored record.
            host = try TestHost(
                [web], records: [web.name: try #require(record)], at: host.now + .seconds(1))
            host.tell(.looked(web.name, found))
            let runs = host.wait(atMost: .hours(7), found: { _ in found }, for: { ![$0].reloads.isEmpty })
            #expect(runs.reloads.count == 1)
            waits.append(host.now.boottime - failedAt)
        }
        let expected: [Duration] = [
            .seconds(30), .minutes(2), .minutes(10), .hours(1), .hours(6), .hours(6), .hours(6),
        ]
        #expect(zip(waits, expected).allSatisfy { $0 >= $1 && $0 <= $1 + .seconds(2) }, "\(waits)")
    }

    @Test(arguments: [("a1", 0), ("older", 1)])
    func `a crash between install and reload is noticed at the next start`(reloaded: String, runs: Int) throws
    {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reloadedSerial = reloaded
        var host = try TestHost([web], records: [web.name: record])
        #expect(host.tell(.looked(web.name, web.found(at: host.now.wall))).reloads.count == runs)
    }

    @Test func `files that were there before the first start need no reload`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        #expect(host.tell(.looked(web.name, web.found(at: host.now.wall))).reloads.isEmpty)
    }

    @Test func `a request for a reload that isn't configured ends with the reason`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        #expect(host.tell(.reloadRequested(web.name, RenewalID("r"))).reloads.isEmpty)
        #expect(host.snapshot().renewal(RenewalID("r"))?.failure?.detail == "no reload command is configured")
    }
}
