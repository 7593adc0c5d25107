import FoundationEssentials
import Testing

@testable import Lifecycle

/// What a service has to be told of outlives every change of the configuration.
@Suite struct OwedReloadTests {
    private let broken = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")

    private func report(_ certificate: ManagedCertificate, at now: Date) -> AttemptOutcome {
        .installed(IssuedReport(certificate: certificate.issued(at: now, serial: "b2")))
    }

    /// Installed, and its reload has failed.
    private func owing(_ certificate: ManagedCertificate) throws -> TestHost {
        var host = try TestHost([certificate])
        host.tell(.looked(certificate.name, .nothing))
        host.tell(.attemptEnded(certificate.name, report(certificate, at: host.now.wall)))
        host.tell(.reloadEnded([certificate.name], .failed(broken)))
        return host
    }

    private func look(_ certificate: ManagedCertificate, on host: inout TestHost) -> [Action] {
        host.tell(.looked(certificate.name, certificate.found(at: host.now.wall, serial: "b2")))
    }

    private func renamed(_ certificate: ManagedCertificate, _ name: String) throws -> ManagedCertificate {
        var other = certificate
        other.name = try named(name)
        return other
    }

    /// The records as another process would find them.
    private func stored(_ actions: [Action]) -> [CertificateName: CertificateRecord] {
        var records: [CertificateName: CertificateRecord] = [:]
        for case .persist(let name, let record) in actions { records[name] = record }
        return records
    }

    // MARK: Files that move

    @Test func `files that move during their renewal are not reloaded before they are looked at`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        #expect(host.tell(.looked(web.name, .nothing)).started == ["web"])
        var moved = web
        moved.outputs.key = "/elsewhere/web.key"
        host.tell(.configured([moved], host.settings))
        let ended = host.tell(.attemptEnded(web.name, report(web, at: host.now.wall)))
        #expect(ended.reloads.isEmpty && ended.looks == [web.name])
        var found = web.found(at: host.now.wall, serial: "b2")
        found.key = .missing
        #expect(host.tell(.looked(web.name, found)).reloads.isEmpty)
        #expect(try host.status(web.name).reload.pendingSince != nil)
    }

    @Test func `nobody reloads files that are being rebuilt under an earlier name, and both are told then`()
        throws
    {
        let www = try managed("www", reload: "old command")
        var host = try TestHost([www])
        var found = www.found(at: host.now.wall, serial: "b2")
        found.rebuildable = [.chain]
        host.tell(.looked(www.name, found))
        var web = try renamed(www, "web")
        web.reload = ReloadSetting(command: "new command")
        host.tell(.configured([web], host.settings))
        #expect(look(web, on: &host).reloads.isEmpty)
        host.tell(.rebuilt(www.name, nil))
        let looked = look(web, on: &host)
        #expect(looked.reloads.map(\.command) == ["new command"])
    }

    @Test func `a rebuild that is finished late is told of then, and not before`() throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reloadedSerial = "b2"
        var host = try TestHost([web], records: [web.name: record])
        let whole = web.found(at: host.now.wall, serial: "b2")
        var found = whole
        found.rebuildable = [.chain]
        let begun = host.tell(.looked(web.name, found))
        let open = RenewalFailure(stage: .install, .installOpen, detail: "EROFS")
        #expect(host.tell(.rebuilt(web.name, open)).reloads.isEmpty)
        var again = 0
        let early = host.wait(
            atMost: .hours(1), found: { _ in found },
            for: { action in
                if case .rebuild = action { again += 1 }
                return again > 0 || ![action].reloads.isEmpty
            })
        #expect(again == 1 && early.reloads.isEmpty)
        #expect(host.tell(.rebuilt(web.name, open)).reloads.isEmpty)
        #expect(try host.status(web.name).reload.pendingSince == nil)
        #expect(host.tell(.recovered(web.name, whole)).reloads.count == 1)
        host.tell(.reloadEnded([web.name], .succeeded))
        let later = host.wait(atMost: .hours(7), found: { _ in whole }, for: { ![$0].reloads.isEmpty })
        #expect(later.isEmpty)

        var next = try TestHost([web], records: stored(begun), at: host.now)
        #expect(look(web, on: &next).reloads.count == 1, "nobody knows what a start's recovery has finished")
    }

    // MARK: Commands that go and come

    @Test func `a failed reload is owed again when its command comes back, also by another process`() throws {
        let web = try managed("web", reload: "reload it")
        var silent = web
        silent.reload = nil
        var host = try owing(web)
        let removed = host.tell(.configured([silent], host.settings))
        #expect(look(silent, on: &host).reloads.isEmpty)
        #expect(try host.status(web.name).reload.pendingSince == nil)
        let records = stored(removed)

        host.tell(.configured([web], host.settings))
        #expect(look(web, on: &host).reloads.map(\.command) == ["reload it"])
        host.tell(.reloadEnded([web.name], .succeeded))
        host.tell(.configured([silent], host.settings))
        host.tell(.configured([web], host.settings))
        #expect(look(web, on: &host).reloads.isEmpty, "it has been told")

        var next = try TestHost([web], records: records, at: host.now)
        #expect(look(web, on: &next).reloads.count == 1)
    }

    @Test func `a command that comes while another runs is run as well`() throws {
        let web = try managed("web", reload: "old command")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        #expect(host.tell(.attemptEnded(web.name, report(web, at: host.now.wall))).reloads.count == 1)
        for command in [nil, "new command"] {
            var wanted = web
            wanted.reload = command.map { ReloadSetting(command: $0) }
            host.tell(.configured([wanted], host.settings))
            host.tell(.looked(web.name, web.found(at: host.now.wall, serial: "b2")))
        }
        let ended = host.tell(.reloadEnded([web.name], .succeeded))
        #expect(ended.reloads.map(\.command) == ["new command"])
    }

    @Test func `a command that is corrected while no agent runs waits for nothing`() throws {
        let web = try managed("web", reload: "wrong")
        var host = try owing(web)
        var actions: [Action] = []
        let found = web.found(at: host.now.wall, serial: "b2")
        for _ in 0..<4 {
            _ = host.wait(atMost: .hours(7), found: { _ in found }, for: { ![$0].reloads.isEmpty })
            actions = host.tell(.reloadEnded([web.name], .failed(broken)))
        }
        for command in ["wrong", "right"] {
            var wanted = web
            wanted.reload = ReloadSetting(command: command)
            var next = try TestHost([wanted], records: stored(actions), at: host.now + .seconds(1))
            #expect(look(wanted, on: &next).reloads.isEmpty == (command == "wrong"))
        }
    }

    @Test func `a command that ended the agent and is corrected while it doesn't run waits for nothing`()
        throws
    {
        let web = try managed("web", reload: "wrong")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let found = web.found(at: host.now.wall, serial: "b2")
        var records = stored(host.tell(.attemptEnded(web.name, report(web, at: host.now.wall))))
        for _ in 0..<3 {
            var next = try TestHost([web], records: records, at: host.now + .seconds(1))
            records.merge(stored(next.setUp)) { $1 }
            var actions = look(web, on: &next)
            if actions.reloads.isEmpty {
                actions = next.wait(atMost: .hours(1), found: { _ in found }, for: { ![$0].reloads.isEmpty })
            }
            #expect(actions.reloads.count == 1)
            records.merge(stored(actions)) { $1 }
            host.now = next.now
        }
        for command in ["wrong", "right"] {
            var wanted = web
            wanted.reload = ReloadSetting(command: command)
            var next = try TestHost([wanted], records: records, at: host.now + .seconds(1))
            #expect(look(wanted, on: &next).reloads.isEmpty == (command == "wrong"))
        }
    }

    @Test func `a debt that was laid aside by a wrong clock is not waited for`() throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        record.reloadedSerial = "b2"
        record.dormantReloadSince = Date(timeIntervalSince1970: 1_803_456_000)
        var host = try TestHost([web], records: [web.name: record])
        #expect(look(web, on: &host).reloads.count == 1)
    }

    @Test func `a debt that a wrong clock has dated ahead begins now`() throws {
        let web = try managed("web", reload: "reload it")
        var record = CertificateRecord()
        var debt = ReloadDebt(since: Date(timeIntervalSince1970: 1_803_456_000))
        debt.attempts = 1
        record.reload = debt
        var host = try TestHost([web], records: [web.name: record])
        host.confirmClock()
        #expect(host.state.certificates.first?.record.reload?.since == host.now.wall)
    }

    // MARK: Certificates that go and come

    @Test func `one that is renamed and loses an output is reloaded under its new name`() throws {
        var www = try managed("www", reload: "reload it")
        www.outputs.combined = "/certs/www.pem"
        var web = try renamed(www, "web")
        web.outputs.combined = nil
        var host = try owing(www)
        host.tell(.configured([web], host.settings))
        #expect(look(web, on: &host).reloads.isEmpty, "it waits as long as it would have")
        #expect(host.wait(.seconds(31)).reloads.map(\.names) == [[web.name]])

        var busy = try TestHost([www])
        busy.tell(.looked(www.name, .nothing))
        busy.tell(.configured([web], busy.settings))
        busy.tell(.looked(web.name, .nothing))
        busy.tell(.attemptEnded(www.name, report(www, at: busy.now.wall)))
        #expect(look(web, on: &busy).reloads.map(\.names) == [[web.name]])
        #expect(try busy.status(web.name).ordersLast7Days == 1)
    }

    @Test func `one that is taken out and comes back under another name is reloaded`() throws {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try owing(www)
        let records = stored(host.tell(.configured([], host.settings)))
        host.tell(.configured([web], host.settings))
        #expect(look(web, on: &host).reloads.map(\.names) == [[web.name]])
        #expect(host.state.certificates.first?.record.formerNames == [www.name])

        var next = try TestHost([web], records: records, at: host.now)
        #expect(look(web, on: &next).reloads.map(\.names) == [[web.name]])
    }

    @Test func `one that takes the place of another while no agent runs is reloaded there`() throws {
        let www = try managed("www", reload: "reload it")
        let host = try owing(www)
        let records = [www.name: try #require(host.state.certificates.first).record]
        var moved = www
        moved.outputs = try managed("elsewhere").outputs
        var web = try renamed(www, "web")
        web.reload = ReloadSetting(command: "another")
        var next = try TestHost([moved, web], records: records, at: host.now)
        #expect(look(web, on: &next).reloads.map(\.command) == ["another"])
        #expect(next.state.certificates.last?.record.formerNames == nil, "that name is in use")
    }

    /// Its record is kept for weeks, and read at each start.
    @Test func `who had the files long ago has nobody reloaded at each start`() throws {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try owing(www)
        var records = stored(host.tell(.configured([], host.settings)))
        let taken = host.tell(.configured([web], host.settings))
        _ = look(web, on: &host)
        records.merge(stored(taken + host.tell(.reloadEnded([web.name], .succeeded)))) { $1 }
        for _ in 0..<2 {
            var next = try TestHost([web], records: records, at: host.now)
            #expect(look(web, on: &next).reloads.isEmpty)
            records.merge(stored(next.setUp)) { $1 }
        }
    }

    @Test func `one that gets its earlier name back owes no reload that is done`() throws {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try owing(www)
        host.tell(.configured([web], host.settings))
        _ = look(web, on: &host)
        #expect(host.wait(.seconds(31)).reloads.count == 1)
        host.tell(.reloadEnded([web.name], .succeeded))
        host.tell(.configured([www], host.settings))
        #expect(look(www, on: &host).reloads.isEmpty)
        #expect(try host.status(www.name).reload.pendingSince == nil)
    }

    @Test func `who takes files that a reload is owed for while it is reloaded itself is reloaded again`()
        throws
    {
        let first = try managed("c1", reload: "one")
        let second = try managed("c2", reload: "two")
        var host = try TestHost([first, second])
        _ = look(second, on: &host)
        host.tell(.looked(first.name, .nothing))
        host.tell(.attemptEnded(first.name, report(first, at: host.now.wall)))
        host.tell(.reloadEnded([first.name], .failed(broken)))
        host.tell(.reloadRequested(second.name, RenewalID("r")))
        #expect(look(second, on: &host).reloads.map(\.command) == ["two"])
        var moved = second
        moved.outputs = first.outputs
        host.tell(.configured([moved], host.settings))
        _ = look(moved, on: &host)
        #expect(host.tell(.reloadEnded([second.name], .succeeded)).reloads.map(\.command) == ["two"])
    }

    @Test func `who takes files that a reload is owed for while its own are rebuilt in vain is reloaded`()
        throws
    {
        let first = try managed("c1", reload: "one")
        let second = try managed("c2", reload: "two")
        var host = try TestHost([first, second])
        host.tell(.looked(first.name, .nothing))
        host.tell(.attemptEnded(first.name, report(first, at: host.now.wall)))
        host.tell(.reloadEnded([first.name], .failed(broken)))
        var torn = second.found(at: host.now.wall)
        torn.rebuildable = [.chain]
        host.tell(.looked(second.name, torn))
        var moved = second
        moved.outputs = first.outputs
        host.tell(.configured([moved], host.settings))
        host.tell(.rebuilt(second.name, .fullDisk))
        #expect(look(moved, on: &host).reloads.map(\.command) == ["two"])
    }

    @Test func `files that nobody keeps a record of move without one`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        var moved = web
        moved.outputs = try managed("elsewhere").outputs
        #expect(host.tell(.configured([moved], host.settings)).records.isEmpty)
    }

    @Test func `a wish that came to nothing goes with its certificate`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        host.tell(.configured([], host.settings))
        host.tell(.configured([web], host.settings))
        #expect(host.tell(.looked(web.name, web.found(at: host.now.wall))).plans.isEmpty)
    }

    // MARK: Files that are in order after all

    @Test func `what was due for its files and is in order is not due any more`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        let plan = try #require(
            host.tell(.looked(web.name, FoundCertificate(certificate: .unreadable("EMFILE"), key: .matches)))
                .plans.first)
        #expect(plan.mendsOnly)
        let whole = web.found(at: host.now.wall)
        let ended = host.tell(.attemptEnded(web.name, .notNeeded(whole)))
        #expect(ended.plans.isEmpty)
        let status = try host.status(web.name)
        #expect(status.state == .valid && status.ordersLast7Days == 0 && status.consecutiveFailures == 0)
        // Who asked for a renewal meanwhile gets one.
        var other = try TestHost([web])
        other.tell(.looked(web.name, .nothing))
        other.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        let again = other.tell(.attemptEnded(web.name, .notNeeded(whole)))
        #expect(again.plans.map(\.mendsOnly) == [false])
        other.tell(.attemptEnded(web.name, report(web, at: other.now.wall)))
        #expect(other.snapshot().renewal(RenewalID("f"))?.state == .succeeded)
        // Of files elsewhere it says nothing.
        var moved = try TestHost([web])
        moved.tell(.looked(web.name, .nothing))
        var wanted = web
        wanted.outputs = try managed("elsewhere").outputs
        moved.tell(.configured([wanted], moved.settings))
        let elsewhere = moved.tell(.attemptEnded(web.name, .notNeeded(whole)))
        #expect(elsewhere.looks == [web.name] && elsewhere.plans.isEmpty)
        #expect(moved.tell(.looked(web.name, .nothing)).started == ["web"])
        // What is old is renewed all the same.
        var old = try TestHost([web])
        old.tell(.looked(web.name, .nothing))
        let aged = web.found(at: old.now.wall, age: .days(89))
        #expect(old.tell(.attemptEnded(web.name, .notNeeded(aged))).plans.map(\.reason) == [.expiring])
    }

    @Test func `both who asked during an attempt that was of no need are answered`() throws {
        let web = try managed("web", reusesKey: true)
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        host.tell(.requested(web.name, RenewalID("g"), RenewRequest(rotateKey: true)))
        let again = host.tell(.attemptEnded(web.name, .notNeeded(web.found(at: host.now.wall))))
        #expect(again.plans.count == 1)
        host.tell(.attemptEnded(web.name, report(web, at: host.now.wall)))
        for id in ["f", "g"] { #expect(host.snapshot().renewal(RenewalID(id))?.state == .succeeded) }
        #expect(host.snapshot().renewals.allSatisfy { $0.state.isFinal })
    }

    // MARK: Wishes that change

    @Test func `a lost order keeps its broker when only what follows the install is changed`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web]) { $0.brokers = [.first, .second] }
        host.tell(.looked(web.name, .nothing))
        host.tell(.attemptEnded(web.name, .failed(.issuance)))
        let before = try host.status(web.name).nextAttemptAt
        var other = web
        other.reload = ReloadSetting(command: "another")
        host.tell(.configured([other], host.settings))
        host.tell(.looked(web.name, .nothing))
        #expect(try host.status(web.name).nextAttemptAt == before)
        #expect(host.state.certificates.first?.record.unansweredOrder?.broker == .first)

        other.ownership = FileOwnership(owner: "root", group: nil, keyMode: nil, certMode: nil)
        host.tell(.configured([other], host.settings))
        #expect(host.state.certificates.first?.record.unansweredOrder?.broker == .first)
        other.profile = "another"
        host.tell(.configured([other], host.settings))
        #expect(host.state.certificates.first?.record.unansweredOrder == nil)
    }

    @Test func `a renewal that is asked for under the new name joins the one under way`() throws {
        let www = try managed("www", reload: "reload it")
        let web = try renamed(www, "web")
        var host = try TestHost([www])
        #expect(host.tell(.looked(www.name, .nothing)).started == ["www"])
        host.tell(.configured([web], host.settings))
        host.tell(.looked(web.name, .nothing))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest()))
        host.tell(.attemptEnded(www.name, report(www, at: host.now.wall)))
        let looked = look(web, on: &host)
        #expect(looked.plans.isEmpty && looked.reloads.count == 1)
        host.tell(.reloadEnded([web.name], .succeeded))
        #expect(host.snapshot().renewal(RenewalID("f"))?.state == .succeeded)
    }

    @Test func `who asks for a reload hears of the corrected command, not of the one that runs`() throws {
        let web = try managed("web", reload: "wrong")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        host.tell(.attemptEnded(web.name, report(web, at: host.now.wall)))
        var other = web
        other.reload = ReloadSetting(command: "right")
        host.tell(.configured([other], host.settings))
        _ = look(other, on: &host)
        host.tell(.reloadRequested(web.name, RenewalID("r")))
        host.tell(.reloadEnded([web.name], .failed(broken)))
        #expect(look(other, on: &host).reloads.map(\.command) == ["right"])
        host.tell(.reloadEnded([web.name], .succeeded))
        #expect(host.snapshot().renewal(RenewalID("r"))?.state == .succeeded)
    }

    @Test func `who puts the key back and asks for a reload gets it`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        var found = web.found(at: host.now.wall, serial: "b2")
        found.key = .missing
        host.tell(.looked(web.name, found))
        host.tell(.attemptEnded(web.name, .failed(.forbidden)))
        let asked = host.tell(.reloadRequested(web.name, RenewalID("r")))
        #expect(asked.looks == [web.name] && asked.reloads.isEmpty)
        #expect(look(web, on: &host).reloads.count == 1)
    }
}
