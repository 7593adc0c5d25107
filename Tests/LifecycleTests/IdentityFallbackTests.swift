import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct IdentityFallbackTests {
    private static let refused = RenewalFailure(
        stage: .order, .identityRefused, detail: "the server refused the client certificate: unknown ca")

    private func facts(_ serial: String, at now: Date, left: Double = 86_400) -> IdentityFacts {
        IdentityFacts(
            name: "edge01.example.test", serial: serial, issuer: "CA", notBefore: now - 3600,
            notAfter: now + left)
    }

    /// Renewed just now, with the one before still kept; an order is under way.
    private func host(previousLeft: Double = 3600) throws -> TestHost {
        var host = try TestHost([managed("web")], enrolled: false) { $0.brokers = [.first, .second] }
        let now = host.now.wall
        host.tell(
            .identityLooked(
                FoundIdentity(
                    pair: .present(facts("new", at: now)),
                    previous: facts("old", at: now, left: previousLeft))))
        let started = host.tell(.looked(try named("web"), .nothing)).plans.count
        #expect(started == 1)
        return host
    }

    private func isRestore(_ action: Action) -> Bool {
        if case .restoreIdentity = action { true } else { false }
    }

    @Test func `only when every broker refuses the new identity the one before is put back`() throws {
        var host = try host()
        let web = try named("web")
        let first = host.tell(.attemptEnded(web, .failed(Self.refused)))
        #expect(!first.contains(where: isRestore))
        #expect(first.plans.map(\.broker) == [.second])
        #expect(host.tell(.attemptEnded(web, .failed(Self.refused))).contains(where: isRestore))

        let old = facts("old", at: host.now.wall, left: 3600)
        let actions = host.tell(.identityRestored(.renewed(old)))
        #expect(actions.plans.count == 1, "the orders go on at once")
        #expect(actions.events.contains { if case .identityRestored = $0 { true } else { false } })
        #expect(!actions.contains(.renewIdentity), "and the renewal waits")
        let identity = host.snapshot().identity
        #expect(identity.facts?.serial == "old")
        #expect(identity.lastError?.failure.failureClass == .identityRefused)
        #expect(identity.nextAttemptAt.map { $0 > host.now.wall } == true)
        host.identityFacts = old
        let later = host.wait(atMost: .minutes(50), for: { $0 == .renewIdentity })
        #expect(later.contains(.renewIdentity), "it is renewed again")
    }

    @Test func `a broker that is only out of reach doesn't refuse anything`() throws {
        var host = try host()
        let web = try named("web")
        host.tell(.attemptEnded(web, .failed(Self.refused)))
        #expect(!host.tell(.attemptEnded(web, .failed(.unreachable))).contains(where: isRestore))
    }

    @Test func `the first answer of a broker lets the one before go`() throws {
        var host = try host()
        let web = try named("web")
        let actions = host.tell(.attemptEnded(web, .failed(.forbidden)))
        #expect(actions.contains(.forgetPreviousIdentity))
        #expect(!host.tell(.tick).contains(.forgetPreviousIdentity))
    }

    @Test func `one that has expired meanwhile is not put back`() throws {
        var host = try host(previousLeft: -1)
        let web = try named("web")
        host.tell(.attemptEnded(web, .failed(Self.refused)))
        #expect(!host.tell(.attemptEnded(web, .failed(Self.refused))).contains(where: isRestore))
    }
}
