import FoundationEssentials
import Testing

@testable import Lifecycle

/// Reloads that are owed while what is on disk can't be served.
@Suite struct BarredReloadTests {
    private func mismatched(_ certificate: ManagedCertificate, at now: Date, serial: String = "b2")
        -> FoundCertificate
    {
        var found = certificate.found(at: now, serial: serial)
        found.key = .mismatch
        return found
    }

    /// After a start at which a recovery could neither finish nor undo an install.
    private func mixed(tune: (inout LifecycleSettings) -> Void = { _ in }) throws -> (
        host: TestHost, web: ManagedCertificate
    ) {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reloadedSerial = "a1"
        var host = try TestHost([web], records: [web.name: record], tune: tune)
        let looked = host.tell(.looked(web.name, mismatched(web, at: host.now.wall)))
        #expect(looked.reloads.isEmpty && looked.started == ["web"])
        #expect(looked.records.last?.reload != nil, "the debt is stored")
        return (host, web)
    }

    @Test func `a mixed pair is not reloaded until the install that replaces it`() throws {
        var (host, web) = try mixed()
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        let status = try host.status(web.name)
        #expect(status.why.hasSuffix("its service is not reloaded before there is a pair to serve"))
        #expect(status.reload.pendingSince != nil && status.reload.nextAttemptAt == nil)
        // Nothing comes of it in the meantime, and nobody is kept awake.
        var deadlines = 0
        let found = mismatched(web, at: host.now.wall)
        let actions = host.wait(
            atMost: .hours(12),
            found: { _ in
                deadlines += 1
                return found
            }, for: { !([$0].reloads.isEmpty && [$0].plans.isEmpty) })
        #expect(actions.reloads.isEmpty && actions.started == ["web"] && deadlines < 100)
        let issued = web.issued(at: host.now.wall, serial: "c3")
        let ended = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        #expect(ended.reloads.map(\.names) == [[web.name]])
        #expect(host.tell(.reloadEnded([web.name], .succeeded)).records.last?.reload == nil)
    }

    @Test(arguments: RenewalReason.allCases)
    func `only what can't be served holds its reload`(reason: RenewalReason) throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reload = ReloadDebt(since: Date(timeIntervalSince1970: 1_799_999_990))
        var host = try TestHost([web], records: [web.name: record])
        var found = web.found(at: host.now.wall, age: reason == .expiring ? .days(80) : .zero)
        switch reason {
        case .missing: found = .nothing
        case .unreadable: found.certificate = .unreadable("no certificate in it")
        case .keyMissing: found.key = .missing
        case .keyMismatch: found.key = .unreadable("no key in it")
        case .namesChanged:
            var other = try managed("other")
            other.name = web.name
            found = other.found(at: host.now.wall)
        case .keyTypeChanged:
            var other = web
            other.keyType = .rsa2048
            found = other.found(at: host.now.wall)
        case .incomplete: found.lost = [.chain]
        case .requested, .expiring: break
        }
        let isBarred = [.missing, .unreadable, .keyMissing, .keyMismatch].contains(reason)
        let looked = host.tell(.looked(web.name, found))
        #expect(looked.reloads.isEmpty == isBarred)
        if reason != .requested { #expect(looked.plans.map(\.reason) == [reason]) }
    }

    @Test func `it is reloaded when somebody else has put the pair right`() throws {
        var (host, web) = try mixed()
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        let good = web.found(at: host.now.wall, serial: "b2")
        let run = host.wait(atMost: .hours(2), found: { _ in good }, for: { ![$0].reloads.isEmpty })
        #expect(run.reloads.map(\.names) == [[web.name]])
    }

    @Test func `a late recovery that leaves it mixed has nothing run`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let recovered = host.tell(.recovered(web.name, mismatched(web, at: host.now.wall)))
        #expect(recovered.reloads.isEmpty && recovered.records.last?.reload != nil)
    }

    @Test func `who asks for a reload then is told that it was not run`() throws {
        var (host, web) = try mixed()
        // The attempt may yet put it right.
        host.tell(.reloadRequested(web.name, RenewalID("l1")))
        #expect(host.snapshot().renewals.first { $0.id == RenewalID("l1") }?.failure == nil)
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        #expect(host.tell(.reloadRequested(web.name, RenewalID("l2"))).reloads.isEmpty)
        #expect(host.tell(.looked(web.name, mismatched(web, at: host.now.wall))).reloads.isEmpty)
        for id in ["l1", "l2"] {
            let renewal = try #require(host.snapshot().renewals.first { $0.id == RenewalID(id) })
            #expect(renewal.state == .reloadFailed)
            #expect(renewal.failure?.failureClass == .notServable)
            #expect(renewal.failure?.detail.contains("does not belong") == true)
        }
        let record = try #require(host.state.certificates.first?.record)
        #expect(record.reload?.attempts == 0, "the debt stays, and no run has failed")
    }

    @Test func `a shared command is run for the others`() throws {
        let web = try managed("web", reload: "reload all")
        let other = try managed("other", reload: "reload all")
        var record = CertificateRecord()
        record.reloadedSerial = "a1"
        var host = try TestHost([web, other], records: [web.name: record, other.name: record])
        host.tell(.looked(web.name, mismatched(web, at: host.now.wall)))
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        let looked = host.tell(.looked(other.name, other.found(at: host.now.wall, serial: "b2")))
        #expect(looked.reloads.map(\.names) == [[other.name]])
        let ended = host.tell(.reloadEnded([other.name], .succeeded))
        #expect(ended.records.last?.reload == nil && ended.reloads.isEmpty)
        #expect(try host.status(web.name).reload.pendingSince != nil)
    }
}
