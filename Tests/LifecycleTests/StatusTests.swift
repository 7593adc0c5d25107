import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct StatusTests {
    @Test func `the state is the worst that is true`() throws {
        let web = try managed("web", reload: "reload it")
        var host = try TestHost([web])
        let now = host.now.wall
        #expect(try host.status(web.name).state == .unknown)
        host.tell(.looked(web.name, web.found(at: now)))
        #expect(try host.status(web.name).state == .valid)
        host.tell(.reloadRequested(web.name, RenewalID("r")))
        #expect(try host.status(web.name).state == .reloadPending)
        host.wait(.days(60))
        host.tell(.looked(web.name, web.found(at: now)))
        #expect(try host.status(web.name).state == .renewing)
        host.tell(.attemptEnded(web.name, .failed(.unavailable)))
        let failing = try host.status(web.name)
        #expect(failing.state == .failing)
        #expect(
            failing.why.hasPrefix("it is inside its renewal window since ")
                && failing.why.contains("; the last try failed at the step order"))
        #expect(failing.nextAttemptAt.map { $0 > host.now.wall } == true)
        host.now = host.now + .days(31)
        host.tell(.tick)
        #expect(try host.status(web.name).state == .expired)
    }

    @Test func `the state changes at its moment, without anything else happening`() throws {
        let web = try managed("web")
        var host = try TestHost([web], enrolled: false)
        let found = web.found(at: host.now.wall, lifetime: .hours(1))
        host.tell(.looked(web.name, found))
        var seen: [CertificateState] = []
        while host.now.boottime < .hours(2) {
            let next = try #require(host.state.nextDeadline)
            let actions = host.wait(next - host.now.boottime)
            if !actions.looks.isEmpty { host.tell(.looked(web.name, found)) }
            if actions.contains(.lookAtIdentity) { host.tell(.identityLooked(FoundIdentity(pair: .missing))) }
            let state = try host.status(web.name).state
            if state != seen.last { seen.append(state) }
        }
        #expect(seen == [.valid, .waiting, .expired])
    }

    @Test func `requests to the broker are counted by endpoint and code`() throws {
        var host = try TestHost([managed("web")])
        for status in [200, 200, 403, nil] {
            host.tell(
                .brokerExchanged(
                    BrokerExchange(
                        broker: .first, endpoint: "/v1/certificates", status: status, took: .seconds(2))))
        }
        let snapshot = host.snapshot()
        #expect(snapshot.broker.requests.map(\.code) == ["200", "403", "error"])
        #expect(snapshot.broker.requests.map(\.count) == [2, 1, 1])
        #expect(snapshot.counters.brokerRequestDuration.count == 4)
        #expect(snapshot.counters.brokerRequestDuration.sum == 8)
        #expect(snapshot.broker.lastSuccessAt == host.now.wall)
    }

    @Test func `certificates are sorted and found by name`() throws {
        let list = try ["b", "a", "c"].map { try managed($0) }
        var host = try TestHost(list)
        let snapshot = host.snapshot()
        #expect(snapshot.certificates.map(\.name.text) == ["a", "b", "c"])
        for one in list { #expect(snapshot.certificate(one.name)?.name == one.name) }
        #expect(snapshot.certificate(try named("d")) == nil)
    }

    @Test func `the newest renewals are remembered, and no open one is forgotten`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        for round in 0..<600 {
            host.tell(.requested(web.name, RenewalID("r\(round)"), RenewRequest(overBudget: true)))
            let issued = web.issued(at: host.now.wall, serial: "\(round)")
            host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        }
        host.tell(.requested(web.name, RenewalID("open"), RenewRequest(overBudget: true)))
        let renewals = host.snapshot().renewals
        #expect(renewals.count == 257)
        #expect(renewals.last?.id == RenewalID("open"))
        #expect(renewals.last?.state == .running)
        #expect(renewals.first?.id == RenewalID("r344"))
    }
}
