import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct RestartTests {
    @Test func `a restart storm orders nothing while a retry waits`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        var record = try #require(host.tell(.attemptEnded(web.name, .failed(.forbidden))).records.last)
        let nextAttempt = try #require(record.nextAttemptAt)
        var now = host.now
        for seed in 0..<200 {
            var restarted = try TestHost([web], records: [web.name: record], seed: UInt64(seed))
            restarted.now = now
            #expect(restarted.tell(.looked(web.name, .nothing)).plans.isEmpty)
            #expect(try restarted.status(web.name).consecutiveFailures == 1)
            now = now + .seconds(10)
            if let stored = restarted.wait(.seconds(10)).records.last { record = stored }
        }
        #expect(now.wall < nextAttempt)
        var last = try TestHost([web], records: [web.name: record])
        last.tell(.looked(web.name, .nothing))
        let plan = last.nextPlan(within: .hours(1))
        #expect(plan != nil)
    }

    @Test func `a wish and a possible order survive a restart`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.requested(web.name, RenewalID("f"), RenewRequest(rotateKey: true)))
        let record = try #require(host.tell(.attemptEnded(web.name, .failed(.issuance))).records.last)
        var restarted = try TestHost([web], records: [web.name: record])
        let found = web.found(at: host.now.wall)
        #expect(restarted.tell(.looked(web.name, found)).plans.isEmpty)
        #expect(restarted.tell(.requested(web.name, RenewalID("g"), RenewRequest())).plans.isEmpty)
        #expect(restarted.wait(.seconds(91)).plans.first?.reason == .requested)
        #expect(try restarted.status(web.name).ordersLast7Days == 1)
    }

    @Test func `a wait that was written by a wrong clock is bounded`() throws {
        let web = try managed("web")
        var record = CertificateRecord()
        record.nextAttemptAt = Date(timeIntervalSince1970: 4_000_000_000)
        var host = try TestHost([web], records: [web.name: record])
        host.tell(.looked(web.name, .nothing))
        #expect(
            host.nextPlan(within: .hours(25)) != nil)
    }

    @Test func `a removed certificate finishes its attempt, and its record waits for its return`() throws {
        let stays = try managed("stays")
        let goes = try managed("goes")
        var host = try TestHost([stays, goes])
        host.tell(.looked(stays.name, stays.found(at: host.now.wall)))
        host.tell(.looked(goes.name, .nothing))
        host.tell(.configured([stays], host.settings))
        #expect(host.snapshot().certificates.count == 2)
        host.tell(.attemptEnded(goes.name, .failed(.forbidden)))
        #expect(host.snapshot().certificates.map(\.name) == [stays.name])
        let back = host.tell(.configured([stays, goes], host.settings))
        #expect(back.looks.contains(goes.name))
        #expect(host.tell(.looked(goes.name, .nothing)).plans.isEmpty, "its retry still waits")
        #expect(try host.status(goes.name).consecutiveFailures == 1)
    }

    @Test func `changed names are ordered, and a look at the old files is not believed`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        var changed = web
        changed.dnsNames = try #require(DNSNameSet([DNSName(validating: "new.example.test")]))
        #expect(host.tell(.configured([changed], host.settings)).looks == [web.name])
        #expect(host.tell(.looked(web.name, .nothing)).plans.isEmpty, "of the first configuration")
        let plan = host.tell(.looked(web.name, web.found(at: host.now.wall))).plans.first
        #expect(plan?.reason == .namesChanged)
        #expect(plan?.certificate == changed)
    }

    @Test func `a configuration that changes nothing disturbs nothing`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let actions = host.tell(.configured([web], host.settings))
        #expect(actions.plans.isEmpty && actions.looks.isEmpty)
        #expect(try host.status(web.name).state == .renewing)
    }

    @Test func `a wall clock set forward makes due what is due by it, waits stay as they were`() throws {
        let list = try ["due", "waits"].map { try managed($0) }
        var host = try TestHost(list)
        host.tell(.looked(list[0].name, list[0].found(at: host.now.wall)))
        host.tell(.looked(list[1].name, .nothing))
        host.tell(.attemptEnded(list[1].name, .failed(.forbidden)))
        host.now.wall += 70 * 86_400
        let actions = host.tell(.tick)
        #expect(actions.started == ["due"])
        #expect(actions.events.contains { if case .clockStepped = $0 { true } else { false } })
    }
}
