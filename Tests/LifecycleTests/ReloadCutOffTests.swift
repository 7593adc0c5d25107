import FoundationEssentials
import Testing

@testable import Lifecycle

/// Reload commands that end with the agent, are held, or are replaced while they run.
@Suite struct ReloadCutOffTests {
    private let stopped = RenewalFailure(stage: .reload, .stopped, detail: "the agent stops")
    private let broken = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")
    private let held = RenewalFailure(stage: .reload, .installStuck, detail: "held")

    /// `web` was installed just now, and its service is being told.
    private func reloading(_ command: String = "reboot") throws -> (
        host: TestHost, web: ManagedCertificate, [Action]
    ) {
        let web = try managed("web", reload: command)
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let issued = web.issued(at: host.now.wall, lifetime: .days(400), serial: "b2")
        let actions = host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        #expect(actions.reloads.count == 1)
        return (host, web, actions)
    }

    @Test(arguments: [true, false])
    func `a command that ends the agent each time is run at once once more, then as one that fails`(
        inGoodOrder: Bool
    ) throws {
        var (host, web, actions) = try reloading()
        let found = web.found(at: host.now.wall, lifetime: .days(400), serial: "b2")
        var waits: [Duration] = []
        for _ in 0..<6 {
            // Stored before the run: nobody is left to store it afterwards.
            var record = try #require(actions.records.last)
            #expect(record.reload?.runBegunAt == host.now.wall)
            if inGoodOrder {
                record = try #require(host.tell(.reloadEnded([web.name], .failed(stopped))).records.last)
            }
            let endedAt = host.now.boottime
            host = try TestHost([web], records: [web.name: record], at: host.now + .seconds(1))
            actions = host.setUp + host.tell(.looked(web.name, found))
            if actions.reloads.isEmpty {
                actions = host.wait(atMost: .hours(7), found: { _ in found }, for: { ![$0].reloads.isEmpty })
            }
            #expect(actions.reloads.count == 1)
            waits.append(host.now.boottime - endedAt)
        }
        let expected: [Duration] = [
            .seconds(1), .minutes(2), .minutes(10), .hours(1), .hours(6), .hours(6),
        ]
        #expect(zip(waits, expected).allSatisfy { $0 >= $1 && $0 <= $1 + .seconds(2) }, "\(waits)")
        #expect(host.tell(.reloadEnded([web.name], .succeeded)).records.last?.reload == nil)
    }

    @Test func `all that share a command that ended the agent wait, by the record of one`() throws {
        let list = try (0..<5).map { try managed("c\($0)", reload: "reboot") }
        var records: [CertificateName: CertificateRecord] = [:]
        let start = Date(timeIntervalSince1970: 1_799_999_990)
        for (number, certificate) in list.enumerated() {
            var record = CertificateRecord()
            record.reload = ReloadDebt(since: start)
            if number == 0 {
                record.reload?.runBegunAt = start
                record.reload?.cutOffRuns = 1
                record.reload?.attempts = 1
            }
            records[certificate.name] = record
        }
        var host = try TestHost(list, records: records)
        #expect(host.setUp.records.count == 1)
        for certificate in list {
            let found = certificate.found(at: host.now.wall)
            #expect(host.tell(.looked(certificate.name, found)).reloads.isEmpty)
        }
        let run = host.wait(atMost: .minutes(3), for: { ![$0].reloads.isEmpty })
        #expect(run.reloads.first?.names.count == 5)
        #expect(host.now.wall >= start + 120)
        let ended = host.tell(.reloadEnded(list.map(\.name), .succeeded))
        #expect(ended.records.count == 5 && ended.records.allSatisfy { $0.reload == nil })
    }

    @Test func `a run that failed by itself is no run that was cut off`() throws {
        var (host, web, _) = try reloading()
        let record = try #require(host.tell(.reloadEnded([web.name], .failed(broken))).records.last)
        #expect(record.reload?.runBegunAt == nil && record.reload?.attempts == 1)
    }

    // MARK: Held

    @Test func `a held reload counts no run, is tried again soon, and at once when the hold ends`() throws {
        var (host, web, _) = try reloading()
        for round in 0..<20 {
            let ended = host.tell(.reloadEnded([web.name], .failed(held)))
            let record = try #require(ended.records.last)
            #expect(record.reload?.attempts == 0)
            let isTold = ended.events.contains { if case .reloadFailed = $0 { true } else { false } }
            #expect(isTold == (round == 0), "the same is told once")
            let again = host.wait(atMost: .seconds(31), for: { ![$0].reloads.isEmpty })
            #expect(again.reloads.count == 1)
        }
        host.tell(.reloadEnded([web.name], .failed(held)))
        #expect(try host.status(web.name).why.contains("install_stuck"))
        let other = try managed("other")
        host.tell(.configured([web, other], host.settings))
        let found = other.found(at: host.now.wall)
        host.tell(.looked(other.name, found))
        #expect(host.tell(.recovered(other.name, found)).reloads.map(\.names) == [[web.name]])
        #expect(host.tell(.reloadEnded([web.name], .failed(broken))).records.last?.reload?.attempts == 1)
    }

    // MARK: Another command

    @Test func `a corrected command need not wait for what the one before did`() throws {
        var (host, web, _) = try reloading("relaod it")
        for _ in 0..<5 {
            host.tell(.reloadEnded([web.name], .failed(broken)))
            _ = host.wait(
                atMost: .hours(7),
                found: { [now = host.now.wall] _ in web.found(at: now, lifetime: .days(400), serial: "b2") },
                for: { ![$0].reloads.isEmpty })
        }
        host.tell(.reloadEnded([web.name], .failed(broken)))
        let next = try managed("web", reload: "reload it")
        let configured = host.tell(.configured([next], host.settings))
        #expect(configured.records.last?.reload?.attempts == 0)
        let found = next.found(at: host.now.wall, lifetime: .days(400), serial: "b2")
        #expect(host.tell(.looked(web.name, found)).reloads.map(\.command) == ["reload it"])
    }

    @Test func `a command that replaces one under way is run after it`() throws {
        var (host, web, _) = try reloading("reload nginx")
        let next = try managed("web", reload: "reload haproxy")
        host.tell(.configured([next], host.settings))
        host.tell(.looked(web.name, next.found(at: host.now.wall, lifetime: .days(400), serial: "b2")))
        let ended = host.tell(.reloadEnded([web.name], .succeeded))
        #expect(ended.reloads.map(\.command) == ["reload haproxy"])
        #expect(host.tell(.reloadEnded([web.name], .succeeded)).records.last?.reload == nil)
    }

    // MARK: Records

    @Test func `who failed for want of a place for records goes on when there is one`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let failure = RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "ENOSPC", isTransient: true)
        host.tell(.attemptEnded(web.name, .failed(failure)))
        #expect(try host.status(web.name).ordersLast7Days == 0)
        #expect(host.tell(.recordsStored).started == ["web"])
        host.tell(.attemptEnded(web.name, .failed(.issuance)))
        #expect(host.tell(.recordsStored).started.isEmpty)
    }
}
