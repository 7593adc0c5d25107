import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct ServedTests {
    private func verified(_ name: String, reload: String? = "reload it") throws -> ManagedCertificate {
        var certificate = try managed(name, reload: reload)
        certificate.verify = VerifyTarget(address: "127.0.0.1:443")
        return certificate
    }

    /// A host on which `web` is installed and its reload command has just ended well.
    private func reloaded(_ web: ManagedCertificate) throws -> (host: TestHost, actions: [Action]) {
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let issued = web.issued(at: host.now.wall, serial: "b2")
        host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        let actions = host.tell(.reloadEnded([web.name], .succeeded))
        return (host, actions)
    }

    private let differs = ServedObservation.differs(serial: "a1")

    @Test func `a reload is owed until its service was seen with the new certificate`() throws {
        let web = try verified("web")
        var (host, actions) = try reloaded(web)
        let plan = try #require(actions.verifications.first)
        #expect(plan.sha256 == "00" && plan.target == web.verify)
        #expect(actions.records.isEmpty, "the debt stays on disk")
        let renewal = try #require(host.snapshot().renewals.last)
        #expect(renewal.steps.last?.stage == .verify && renewal.state == .reloading)

        actions = host.tell(.served(web.name, sha256: "00", .matches))
        #expect(actions.records.last?.reload == nil)
        #expect(actions.records.last?.reloadedSerial == "b2")
        #expect(try host.status(web.name).servedMatches == true)
        #expect(host.snapshot().renewals.last?.state == .succeeded)
    }

    @Test func `a command that lies is tried again with back-off, and shows`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        let found = web.found(at: host.now.wall, serial: "b2")
        var waits: [Duration] = []
        for _ in 0..<3 {
            let actions = host.tell(.served(web.name, sha256: "00", differs))
            #expect(actions.records.last?.reload?.lastError?.failure.failureClass == .servedMismatch)
            let status = try host.status(web.name)
            #expect(status.state == .reloadPending && status.servedMatches == false)
            #expect(status.served?.serial == "a1")
            #expect(status.advice == FailureClass.servedMismatch.advice)
            let start = host.now.boottime
            _ = host.wait(atMost: .hours(2), found: { _ in found }, for: { ![$0].reloads.isEmpty })
            waits.append(host.now.boottime - start)
            #expect(!host.tell(.reloadEnded([web.name], .succeeded)).verifications.isEmpty)
        }
        #expect(waits == [.seconds(30), .minutes(2), .minutes(10)])
        #expect(host.tell(.served(web.name, sha256: "00", .matches)).records.last?.reload == nil)
        #expect(try host.status(web.name).state == .valid)
        #expect(host.snapshot().renewals.last?.state == .reloadFailed)
    }

    @Test func `each interval it is looked again, and another certificate has the service reloaded`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        host.tell(.served(web.name, sha256: "00", .matches))
        let found = web.found(at: host.now.wall, serial: "b2")
        let start = host.now.boottime
        let actions = host.wait(
            atMost: .hours(2), found: { _ in found }, for: { ![$0].verifications.isEmpty })
        #expect(actions.verifications.count == 1)
        #expect(host.now.boottime - start == .hours(1))
        let later = host.tell(.served(web.name, sha256: "00", differs))
        #expect(later.records.last?.reload != nil)
        #expect(later.reloads.map(\.names) == [[web.name]])
        #expect(later.events.contains(.servedChanged(web.name, differs)))
    }

    @Test func `a new configuration while the service is looked at leaves no reload running for ever`() throws
    {
        let web = try verified("web")
        var command = web
        command.reload = ReloadSetting(command: "reload it better")
        var target = web
        target.verify = VerifyTarget(address: "127.0.0.1:8443")
        var nothing = web
        nothing.verify = nil
        for next in [command, target, nothing] {
            var (host, _) = try reloaded(web)
            host.tell(.configured([next], host.settings))
            host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
            host.tell(.served(web.name, sha256: "00", .matches))
            #expect(try !host.status(web.name).reload.isRunning)
            #expect(try host.status(web.name).reload.pendingSince == nil)
        }
    }

    @Test func `what is served stays known while only something else changes`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        host.tell(.served(web.name, sha256: "00", .matches))
        var next = web
        next.reload = ReloadSetting(command: "reload it better")
        #expect(host.tell(.configured([next], host.settings)).verifications.isEmpty)
        #expect(try host.status(web.name).servedMatches == true)
        let looked = host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        #expect(looked.verifications.count == 1, "it is looked at again at once")
        next.verify = VerifyTarget(address: "127.0.0.1:8443")
        host.tell(.configured([next], host.settings))
        #expect(try host.status(web.name).served?.state == .unknown)
        host.tell(.served(web.name, sha256: "00", differs))
        #expect(try host.status(web.name).served?.state == .unknown, "that was the former address")
    }

    @Test func `a certificate that is removed while its reload runs goes when its service was seen`() throws {
        let web = try verified("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let issued = web.issued(at: host.now.wall, serial: "b2")
        host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        host.tell(.configured([], host.settings))
        #expect(host.tell(.reloadEnded([web.name], .succeeded)).verifications.count == 1)
        host.tell(.served(web.name, sha256: "00", .matches))
        #expect(host.snapshot().certificates.isEmpty)
    }

    @Test func `a service that can't be asked is no failed reload, and is asked again soon`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        let actions = host.tell(.served(web.name, sha256: "00", .unreachable("refused")))
        #expect(actions.records.last?.reload == nil)
        let status = try host.status(web.name)
        #expect(status.servedMatches == false && status.served?.problem == "refused")
        let found = web.found(at: host.now.wall, serial: "b2")
        let start = host.now.boottime
        _ = host.wait(atMost: .hours(2), found: { _ in found }, for: { ![$0].verifications.isEmpty })
        #expect(host.now.boottime - start == .minutes(1))
    }

    @Test func `a judgement on a certificate that was replaced meanwhile is none`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        let actions = host.tell(.served(web.name, sha256: "ff", differs))
        #expect(try host.status(web.name).served?.state == .unknown)
        #expect(actions.verifications.count == 1, "it is looked again at once")
    }

    @Test func `a stop before the judgement leaves the reload owed`() throws {
        let web = try verified("web")
        var (host, _) = try reloaded(web)
        host.state.stop()
        let actions = host.tell(.served(web.name, sha256: "00", .stopped))
        #expect(actions.records.last?.reload != nil)
    }

    @Test func `without a reload command it is only looked`() throws {
        let web = try verified("web", reload: nil)
        var host = try TestHost([web])
        #expect(host.tell(.looked(web.name, .nothing)).verifications.isEmpty)
        let issued = web.issued(at: host.now.wall, serial: "b2")
        let actions = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        #expect(actions.verifications.count == 1)
        let later = host.tell(.served(web.name, sha256: "00", differs))
        #expect(later.reloads.isEmpty && later.records.isEmpty)
        #expect(try host.status(web.name).advice == FailureClass.servedMismatch.advice)
    }
}

extension [Action] {
    fileprivate var verifications: [VerifyPlan] {
        compactMap { if case .verify(let plan) = $0 { plan } else { nil } }
    }
}
