import FoundationEssentials
import Testing

@testable import Lifecycle

/// Certificates that come, change and go while the agent runs.
@Suite struct ReconfigurationTests {
    private let broken = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")

    private func install(_ certificate: ManagedCertificate, on host: inout TestHost) -> [Action] {
        let issued = certificate.issued(at: host.now.wall, serial: "b2")
        return host.tell(.attemptEnded(certificate.name, .installed(IssuedReport(certificate: issued))))
    }

    @Test func `a certificate that is removed while it is renewed still gets its reload`() throws {
        let stays = try managed("stays")
        let goes = try managed("goes", reload: "reload it")
        var host = try TestHost([stays, goes])
        host.tell(.looked(stays.name, stays.found(at: host.now.wall)))
        host.tell(.looked(goes.name, .nothing))
        host.tell(.configured([stays], host.settings))
        #expect(install(goes, on: &host).reloads.map(\.names) == [[goes.name]])
        #expect(host.snapshot().certificates.count == 2)
        host.tell(.reloadEnded([goes.name], .succeeded))
        #expect(host.snapshot().certificates.map(\.name) == [stays.name])
    }

    @Test func `a certificate that is removed while its reload waits for company still gets it`() throws {
        let goes = try managed("goes", reload: "reload nginx")
        let slow = try managed("slow", reload: "reload nginx")
        var host = try TestHost([goes, slow])
        host.tell(.looked(goes.name, .nothing))
        host.tell(.looked(slow.name, .nothing))
        #expect(install(goes, on: &host).reloads.isEmpty)
        host.tell(.configured([slow], host.settings))
        let reload = host.wait(atMost: .seconds(11), for: { ![$0].reloads.isEmpty })
        #expect(reload.reloads.first?.names == [goes.name])
        host.tell(.reloadEnded([goes.name], .failed(broken)))
        #expect(host.snapshot().certificates.map(\.name) == [slow.name], "its retry waits for its return")
        let back = host.tell(.configured([goes, slow], host.settings))
        #expect(back.looks.contains(goes.name))
        #expect(host.tell(.looked(goes.name, goes.found(at: host.now.wall, serial: "b2"))).reloads.isEmpty)
        #expect(try host.status(goes.name).state == .reloadPending)
    }

    /// Its service still serves the old certificate, whatever the agent calls the new one.
    @Test func `a certificate that gets another name still owes its reload`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        _ = install(web, on: &host)
        host.tell(.reloadEnded([web.name], .failed(broken)))
        var renamed = web
        renamed.name = try named("site")
        let configured = host.tell(.configured([renamed], host.settings))
        let stored = configured.records.count { $0.reload?.attempts == 1 && $0.unmanagedSince == nil }
        #expect(stored == 1)
        let found = renamed.found(at: host.now.wall, serial: "b2")
        host.tell(.looked(renamed.name, found))
        #expect(try host.status(renamed.name).state == .reloadPending)
        #expect(host.wait(.seconds(31)).reloads.map(\.names) == [[renamed.name]])
        #expect(host.tell(.reloadEnded([renamed.name], .succeeded)).records.last?.reload == nil)
        // A certificate that has files of its own owes nothing.
        host.tell(.configured([renamed, try managed("other", reload: "reload it")], host.settings))
        #expect(host.wait(.hours(7)).reloads.isEmpty)
    }

    @Test func `a reload command that is taken away while it runs leaves nothing pending`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        #expect(install(web, on: &host).reloads.count == 1)
        host.tell(.configured([try managed("web")], host.settings))
        host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        let done = host.tell(.reloadEnded([web.name], .failed(broken)))
        #expect(done.records.last?.reload == nil)
        #expect(try host.status(web.name).state == .valid)
        #expect(host.snapshot().renewals.allSatisfy { $0.state.isFinal })
    }

    @Test func `a reload command that is taken away while it waits ends what waited for it`() throws {
        let web = try managed("web", reload: "reload nginx")
        let slow = try managed("slow", reload: "reload nginx")
        var host = try TestHost([web, slow])
        host.tell(.looked(web.name, .nothing))
        host.tell(.looked(slow.name, .nothing))
        _ = install(web, on: &host)
        host.tell(.configured([try managed("web"), slow], host.settings))
        let renewal = host.snapshot().renewals.first { $0.certificate == web.name }
        #expect(renewal?.state == .succeeded)
    }

    @Test func `another step-ca is tried at once, the same one not`() throws {
        var host = try TestHost([try managed("web")], enrolled: false)
        let facts = host.identity(lifetime: .hours(24))
        host.now = host.now + .hours(20)
        let found = FoundIdentity(pair: .present(facts))
        #expect(host.tell(.identityLooked(found)).contains(.renewIdentity))
        let failure = RenewalFailure(stage: .order, .caUnreachable, detail: "refused")
        host.tell(.identityRenewalEnded(.failed(failure)))
        #expect(!host.tell(.configured(host.wanted, host.settings)).contains(.renewIdentity))
        host.settings.identitySource = "https://other"
        #expect(host.tell(.configured(host.wanted, host.settings)).contains(.renewIdentity))
    }

    // MARK: What was found before

    private func changed(
        _ certificate: ManagedCertificate, _ change: (inout ManagedCertificate) -> Void
    ) -> ManagedCertificate {
        var next = certificate
        change(&next)
        return next
    }

    @Test func `another reload command takes no certificate out of the status`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let before = try host.status(web.name)
        let next = try managed("web", reload: "reload it better")
        #expect(host.tell(.configured([next], host.settings)).looks == [web.name])
        let after = try host.status(web.name)
        #expect(after.state == .valid && after.installed == before.installed && after.why == before.why)
        #expect(after.nextRenewalAt == before.nextRenewalAt && after.window == before.window)
        #expect(after.isKnown)
    }

    @Test func `other names or another kind of key show at once, and order nothing before the next look`()
        throws
    {
        let web = try managed("web")
        let other = try managed("other")
        let changes: [(RenewalReason, ManagedCertificate)] = [
            (.namesChanged, changed(web) { $0.dnsNames = other.dnsNames }),
            (.keyTypeChanged, changed(web) { $0.keyType = .rsa2048 }),
            (.expiring, changed(web) { $0.renewBefore = .explicit(.days(60)) }),
        ]
        for (reason, next) in changes {
            var host = try TestHost([web])
            let found = web.found(at: host.now.wall, age: .days(40))
            host.tell(.looked(web.name, found))
            var actions = host.tell(.configured([next], host.settings))
            #expect(actions.looks == [web.name] && actions.plans.isEmpty)
            #expect(try host.status(web.name).reason == reason)
            actions = host.wait(.seconds(5))
            #expect(actions.plans.isEmpty, "the files may be others by now")
            #expect(host.tell(.looked(web.name, found)).plans.map(\.reason) == [reason])
        }
    }

    @Test func `a look for the old wish starts nothing for the new one`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        #expect(host.wait(.minutes(11)).looks == [web.name])
        let next = changed(web) { $0.keyType = .rsa2048 }
        #expect(host.tell(.configured([next], host.settings)).looks == [web.name])
        #expect(host.tell(.looked(web.name, web.found(at: host.now.wall))).plans.isEmpty)
        #expect(host.tell(.looked(web.name, next.found(at: host.now.wall))).plans.isEmpty)
        #expect(try host.status(web.name).state == .valid)
    }

    @Test func `an identity of another name believes nothing that was found for an earlier wish`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let next = changed(web) { $0.keyType = .rsa2048 }
        host.tell(.configured([next], host.settings))
        host.settings.identityName = "edge02.example.test"
        #expect(host.tell(.configured([next], host.settings)).plans.isEmpty)
        #expect(host.wait(.seconds(5)).plans.isEmpty)
    }

    @Test func `one more output leaves the certificate known, another place of it doesn't`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let wider = changed(web) { $0.outputs.combined = "/certs/web.pem" }
        host.tell(.configured([wider], host.settings))
        #expect(try host.status(web.name).state == .valid)
        let moved = changed(web) { $0.outputs.cert = "/elsewhere/web.crt" }
        host.tell(.configured([moved], host.settings))
        let status = try host.status(web.name)
        #expect(status.state == .unknown && status.installed == nil && !status.isKnown)
    }

    @Test func `a reload that is owed waits for the look at what the new wish names`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        #expect(install(web, on: &host).reloads.count == 1)
        host.tell(.reloadEnded([web.name], .failed(broken)))
        let next = try managed("web", reload: "reload it better")
        #expect(host.tell(.configured([next], host.settings)).reloads.isEmpty)
        #expect(host.wait(.seconds(31)).reloads.isEmpty)
        let looked = host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(looked.reloads.map(\.command) == ["reload it better"])
    }

    // MARK: Records of what is gone

    @Test func `the record of a removed certificate is kept for 30 days and then forgotten`() throws {
        let stays = try managed("stays")
        let goes = try managed("goes")
        var host = try TestHost([stays, goes])
        host.tell(.looked(stays.name, stays.found(at: host.now.wall, lifetime: .days(4000))))
        host.tell(.looked(goes.name, .nothing))
        host.tell(.attemptEnded(goes.name, .failed(.forbidden)))
        let removed = host.tell(.configured([stays], host.settings))
        #expect(removed.records.last?.unmanagedSince == host.now.wall)
        let start = host.now.boottime
        let found = stays.found(at: host.now.wall, lifetime: .days(4000))
        let forgotten = host.wait(
            atMost: .days(31), found: { _ in found },
            for: { if case .forget = $0 { true } else { false } })
        #expect(forgotten.contains(.forget(goes.name)))
        let waited = host.now.boottime - start
        #expect(waited >= .days(30) && waited < .days(30) + .minutes(1))
        host.tell(.configured([stays, goes], host.settings))
        #expect(try host.status(goes.name).consecutiveFailures == 0)
    }

    @Test func `the 30 days go on through restarts, and begin anew for a certificate that came back`() throws
    {
        let goes = try managed("goes")
        let stays = try managed("stays")
        let begin = Moment(wall: Date(timeIntervalSince1970: 1_800_000_000), boottime: .seconds(5))
        var record = CertificateRecord()
        record.consecutiveFailures = 2
        // Taken out while no agent ran.
        var host = try TestHost([stays], records: [goes.name: record], at: begin)
        record.unmanagedSince = begin.wall
        #expect(host.setUp.contains(.persist(goes.name, record)))
        host = try TestHost([stays], records: [goes.name: record], at: begin + .days(29))
        #expect(host.setUp.records.isEmpty)
        #expect(host.wait(.days(1)).contains(.forget(goes.name)))
        host = try TestHost([stays], records: [goes.name: record], at: begin + .days(45))
        #expect(host.setUp.contains(.forget(goes.name)))

        host = try TestHost([stays, goes], records: [goes.name: record], at: begin + .days(29))
        record.unmanagedSince = nil
        record.place = goes.outputs.place
        #expect(host.setUp.contains(.persist(goes.name, record)))
        #expect(try host.status(goes.name).consecutiveFailures == 2)
        #expect(!host.wait(.days(2)).contains(.forget(goes.name)))
    }

    @Test func `a clock that was ahead when a certificate went doesn't keep its record for ever`() throws {
        let goes = try managed("goes")
        let begin = Moment(wall: Date(timeIntervalSince1970: 1_800_000_000), boottime: .seconds(5))
        var record = CertificateRecord()
        record.unmanagedSince = begin.wall + 10 * 365 * 86_400
        let host = try TestHost([try managed("stays")], records: [goes.name: record], at: begin)
        record.unmanagedSince = begin.wall
        #expect(host.setUp.contains(.persist(goes.name, record)))
    }

    // MARK: Clashes

    @Test func `who shares files with another one is tried at once under the next configuration`()
        throws
    {
        let web = try managed("web")
        let other = try managed("other")
        let clash = RenewalFailure(stage: .key, .sharedOutputs, detail: "the files of 'other'")
        var host = try TestHost([web, other])
        host.tell(.looked(web.name, .nothing))
        host.tell(.looked(other.name, other.found(at: host.now.wall)))
        let record = try #require(host.tell(.attemptEnded(web.name, .failed(clash))).records.last)
        #expect(record.nextAttemptAt != nil)
        #expect(host.nextPlan(within: .minutes(5)) == nil)
        #expect(host.tell(.configured([web], host.settings)).started == ["web"])

        var next = try TestHost([web], records: [web.name: record], at: host.now + .seconds(1))
        #expect(next.tell(.looked(web.name, .nothing)).started == ["web"])
        // The other waits stand.
        next.tell(.attemptEnded(web.name, .failed(.forbidden)))
        #expect(next.tell(.configured([web], next.settings)).started.isEmpty)
    }
}
