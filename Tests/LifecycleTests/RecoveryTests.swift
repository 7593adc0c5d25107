import FoundationEssentials
import Testing

@testable import Lifecycle

/// Installs that are finished, or undone, after their attempt has failed.
@Suite struct RecoveryTests {
    private func stuck(_ certificate: ManagedCertificate, serial: String = "a1") throws -> TestHost {
        var host = try TestHost([certificate])
        host.tell(.looked(certificate.name, certificate.found(at: host.now.wall, serial: serial)))
        host.tell(.requested(certificate.name, RenewalID("f"), RenewRequest()))
        host.tell(
            .attemptEnded(
                certificate.name, .failed(RenewalFailure(stage: .install, .installStuck, detail: "EIO"))))
        return host
    }

    @Test func `a set that is finished late is well, and its reload is run`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try stuck(web)
        #expect(try host.status(web.name).lastError?.failure.failureClass == .installStuck)
        let actions = host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(actions.reloads.count == 1)
        #expect(actions.records.last?.reload != nil, "the debt is stored")
        let status = try host.status(web.name)
        #expect(status.lastError == nil)
        #expect(status.installed?.serial == "b2")
        host.tell(.reloadEnded([web.name], .succeeded))
        #expect(try host.status(web.name).reload.pendingSince == nil)
    }

    @Test func `a set that is undone is stuck no more, and is not reloaded`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try stuck(web)
        let actions = host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "a1")))
        #expect(actions.reloads.isEmpty)
        #expect(try host.status(web.name).lastError == nil)
    }

    @Test(arguments: [FailureClass.installStuck, .installOpen])
    func `what was refused before its order is over with the install that it waited for`(
        failureClass: FailureClass
    ) throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "a1")))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        host.tell(
            .attemptEnded(web.name, .failed(RenewalFailure(stage: .key, failureClass, detail: "EROFS"))))
        host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "a1")))
        #expect(try host.status(web.name).lastError == nil)
    }

    @Test func `a set that is finished while another attempt runs is reloaded all the same`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try stuck(web)
        host.tell(.requested(web.name, RenewalID("g"), RenewRequest()))
        #expect(
            host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2"))).reloads.count == 1)
    }

    @Test func `without a reload command a late success owes nothing`() throws {
        let web = try managed("web")
        var host = try stuck(web)
        let actions = host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(actions.records.last?.reloadedSerial == "b2")
        #expect(actions.records.last?.reload == nil)
    }

    @Test func `a renewal that was asked for and is finished late is not ordered again`() throws {
        let web = try managed("web")
        var host = try stuck(web)
        host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(!orders(&host, of: web, serial: "b2"))
        let status = try host.status(web.name)
        #expect(status.consecutiveFailures == 0)
        #expect(status.state == .valid)
    }

    /// Key and certificate are new, and the chain that a service reads beside them is not.
    @Test func `a set that is stuck stays so, though key and certificate match again`() throws {
        let web = try managed("web")
        var host = try stuck(web)
        host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(try host.status(web.name).lastError?.failure.failureClass == .installStuck)
        #expect(try host.status(web.name).consecutiveFailures == 1)
    }

    @Test func `a mixed set that is seen meanwhile is no late success`() throws {
        let web = try managed("web")
        var host = try stuck(web)
        var mixed = web.found(at: host.now.wall, serial: "b2")
        mixed.key = .mismatch
        host.tell(.looked(web.name, mixed))
        #expect(try host.status(web.name).consecutiveFailures == 1)
        host.tell(.recovered(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(!orders(&host, of: web, serial: "b2"))
    }

    @Test(arguments: [("a1", true), ("b2", false)])
    func `after a death in the middle of a forced renewal only what was not installed is ordered again`(
        found: String, isOrdered: Bool
    ) throws {
        let web = try managed("web")
        var next = try restarted(web)
        #expect(next.tell(.looked(web.name, web.found(at: next.now.wall, serial: found))).plans.isEmpty)
        #expect(try next.status(web.name).ordersLast7Days == 1, "the order that was cut off counts")
        #expect(orders(&next, of: web, serial: found) == isOrdered)
    }

    @Test func `a wish that is new since the start is not fulfilled by what was finished before`() throws {
        let web = try managed("web")
        var next = try restarted(web)
        next.tell(.requested(web.name, RenewalID("g"), RenewRequest()))
        let found = web.found(at: next.now.wall, serial: "b2")
        next.tell(.looked(web.name, found))
        #expect(next.nextPlan(within: .minutes(3), disk: found)?.reason == .requested)
    }

    @Test func `files that somebody else has put there end no wait for a lost order`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        let cutOff = host.tell(.looked(web.name, .nothing))
        #expect(cutOff.plans.count == 1)
        let record = try #require(cutOff.records.last)
        var next = try TestHost([web], records: [web.name: record], at: host.now + .seconds(5))
        let found = web.found(at: next.now.wall, age: .days(80), serial: "a1")
        #expect(next.tell(.looked(web.name, found)).plans.isEmpty)
        #expect(next.nextPlan(within: .seconds(80), disk: found) == nil)
        #expect(next.nextPlan(within: .minutes(3), disk: found)?.reason == .expiring)
    }

    /// Whether anything is ordered in the next hours, in which each look finds the same whole set.
    private func orders(_ host: inout TestHost, of certificate: ManagedCertificate, serial: String) -> Bool {
        let found = certificate.found(at: host.now.wall, serial: serial)
        return host.nextPlan(within: .hours(3), disk: found) != nil
    }

    /// The process after one that died in the middle of a renewal that was asked for; before its first look.
    private func restarted(_ certificate: ManagedCertificate) throws -> TestHost {
        var host = try TestHost([certificate])
        host.tell(.looked(certificate.name, certificate.found(at: host.now.wall, serial: "a1")))
        let actions = host.tell(.requested(certificate.name, RenewalID("f"), RenewRequest()))
        #expect(actions.plans.count == 1)
        let record = try #require(actions.records.last)
        return try TestHost(
            [certificate], records: [certificate.name: record], at: host.now + .seconds(5))
    }

    @Test func `an install that is stuck at a start is the last error, and one that is not is none`() throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        #expect(CertificateRecord.afterRecovery(nil, stuck: nil, at: now) == nil)
        let stuck = try #require(CertificateRecord.afterRecovery(nil, stuck: "gone", at: now))
        #expect(stuck.lastError?.failure.failureClass == .installStuck)
        #expect(CertificateRecord.afterRecovery(stuck, stuck: nil, at: now)?.lastError == nil)
        let open = try #require(
            CertificateRecord.afterRecovery(nil, stuck: "ENOENT", as: .installOpen, at: now))
        #expect(open.lastError?.failure.failureClass == .installOpen)
        #expect(CertificateRecord.afterRecovery(open, stuck: nil, at: now)?.lastError == nil)
        var other = CertificateRecord()
        other.lastError = RecordedError(
            failure: RenewalFailure(stage: .order, .brokerUnavailable, detail: "503"), at: now)
        #expect(CertificateRecord.afterRecovery(other, stuck: nil, at: now) == other)
    }
}
