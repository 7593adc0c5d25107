import FoundationEssentials
import Lifecycle
import Testing

@testable import certplane_agent

@Suite struct ServiceReportTests {
    @Test func `readiness is told once, when every certificate has been looked at`() {
        var report = ServiceReport(watchdogInterval: nil)
        #expect(
            !report.messages(.facts(evaluated: false, beats: [0, 1]), at: .seconds(1)).contains(.ready))
        #expect(report.messages(.facts(beats: [1, 2]), at: .seconds(2)).contains(.ready))
        #expect(!report.messages(.facts(beats: [2, 3]), at: .seconds(3)).contains(.ready))
    }

    @Test func `a trouble of the API doesn't hold readiness up, and is told`() {
        var report = ServiceReport(watchdogInterval: nil)
        let messages = report.messages(
            .facts(apiTrouble: "can't listen on 127.0.0.1:9780, trying again"), at: .seconds(1))
        #expect(messages.contains(.ready))
        #expect(
            messages.contains(
                .status(
                    "1 certificate in order; the local API can't listen on 127.0.0.1:9780, trying again")))
    }

    @Test func `a start that gets on asks for time, one that hangs doesn't`() {
        var report = ServiceReport(watchdogInterval: nil)
        func asks(_ beats: [UInt64], at second: Int) -> Bool {
            report.messages(.facts(evaluated: false, beats: beats), at: .seconds(second))
                .contains(.extendTimeout(ServiceReport.startExtension))
        }
        #expect(asks([1], at: 0))
        #expect(!asks([2], at: 1))
        #expect(asks([3], at: 6))
        #expect(!asks([3], at: 12))
        #expect(asks([4], at: 18))
    }

    @Test func `the same words are told once, changing ones at most each second`() {
        var report = ServiceReport(watchdogInterval: nil)
        func words(_ state: CertificateState, at milliseconds: Int) -> Int {
            report.messages(.facts(state: state), at: .milliseconds(milliseconds))
                .count { if case .status = $0 { true } else { false } }
        }
        #expect(words(.valid, at: 0) == 1)
        #expect(words(.valid, at: 5_000) == 0)
        #expect(words(.failing, at: 5_001) == 1)
        #expect(words(.valid, at: 5_500) == 0)
        #expect(words(.valid, at: 6_001) == 1)
    }

    @Test func `the words that were held back come with the next look`() {
        var report = ServiceReport(watchdogInterval: nil)
        _ = report.messages(.facts(), at: .zero)
        _ = report.messages(.facts(state: .failing), at: .milliseconds(300))
        #expect(report.nextLookAt(.milliseconds(300)) <= .milliseconds(1_001))
    }

    @Test func `where nothing has to be told it sleeps, however long ago the last words were`() {
        var report = ServiceReport(watchdogInterval: nil)
        _ = report.messages(.facts(), at: .zero)
        _ = report.messages(.facts(), at: .seconds(60))
        #expect(report.nextLookAt(.seconds(60)) >= .seconds(62))
    }

    @Test func `the watchdog is fed only when both loops have come round`() {
        var report = ServiceReport(watchdogInterval: .seconds(30))
        func feeds(_ engine: UInt64, _ api: UInt64, at second: Int) -> Bool {
            report.messages(.facts(beats: [engine, api]), at: .seconds(second)).contains(.watchdog)
        }
        #expect(feeds(1, 1, at: 0))
        #expect(feeds(2, 2, at: 10))
        #expect(!feeds(3, 2, at: 20))
        #expect(!feeds(3, 2, at: 30))
        #expect(feeds(3, 3, at: 31))
        #expect(!feeds(3, 4, at: 60))
        #expect(!feeds(3, 5, at: 90))
    }

    @Test func `nobody who waits for no watchdog is fed`() {
        var report = ServiceReport(watchdogInterval: nil)
        #expect(!report.messages(.facts(), at: .zero).contains(.watchdog))
    }

    @Test(arguments: [
        (nil, Duration.seconds(10)), (Duration.seconds(60), .seconds(10)), (.seconds(2), .seconds(2) / 3),
    ])
    func `a loop comes round three times for each feeding`(watchdog: Duration?, rest: Duration) {
        #expect(LoopPace.rest(watchdog: watchdog) == rest)
    }
}

@Suite struct ServiceWordsTests {
    @Test func `all is well, and what comes next`() {
        let next = Date(timeIntervalSince1970: 1_800_000_000)
        #expect(
            words(.facts(nextRenewalAt: next))
                == "1 certificate in order, next renewal 2027-01-15T08:00:00Z (www)")
    }

    @Test(arguments: [
        (CertificateState.reloadPending, "1 certificate: 0 in order, 1 reload pending (www: it is so)"),
        (.expired, "1 certificate: 0 in order, 1 expired (www: it is so)"),
        (.renewing, "1 certificate: 0 in order, 1 renewing (www: it is so)"),
    ])
    func `a certificate that is not in order is named with its state`(
        state: CertificateState, expected: String
    ) {
        #expect(words(.facts(state: state)) == expected)
    }

    @Test func `the identity comes first, and a refused configuration is told`() {
        var facts = ServiceReport.Facts.facts(state: .waiting, identity: .notEnrolled)
        #expect(
            words(facts)
                == "Not enrolled, waiting for an identity or a bootstrap token; 1 certificate: 0 in order, 1 waiting (www: it is so)"
        )
        facts = .facts(configurationRefused: true)
        #expect(
            words(facts).hasSuffix("; the changed configuration was refused, the one before is in force"))
    }

    @Test func `before the first evaluation it is starting, after SIGTERM stopping`() {
        #expect(words(.facts(evaluated: false)).hasPrefix("Starting: "))
        #expect(words(.facts(stopping: true)).hasPrefix("Stopping: "))
    }

    @Test func `a name with control characters stays on its line`() {
        #expect(
            !words(.facts(state: .failing, why: "a\nb\u{1B}[2J")).unicodeScalars.contains {
                $0.value < 0x20
            })
    }

    private func words(_ facts: ServiceReport.Facts) -> String {
        ServiceWords.text(of: facts.snapshot, apiTrouble: facts.apiTrouble)
    }
}

extension ServiceReport.Facts {
    fileprivate static func facts(
        evaluated: Bool = true, stopping: Bool = false, beats: [UInt64] = [0],
        state: CertificateState = .valid, why: String = "it is so", identity: IdentityState = .valid,
        nextRenewalAt: Date? = nil, configurationRefused: Bool = false, apiTrouble: String? = nil
    ) -> Self {
        let epoch = Date(timeIntervalSince1970: 0)
        var agent = AgentFacts(
            version: "1", pid: 1, startedAt: epoch, configPath: "/c", configHash: "", configLoadedAt: epoch,
            lastReloadSucceeded: !configurationRefused, lastTickAt: epoch, stopping: stopping)
        agent.hasEvaluated = evaluated
        var status = CertificateStatus(wanted: .sample, state: state, why: why)
        status.nextRenewalAt = nextRenewalAt
        return Self(
            snapshot: Snapshot(
                takenAt: epoch, agent: agent, identity: IdentityStatus(name: "edge", state: identity),
                broker: BrokerStatus(), certificates: [status]),
            beats: beats, apiTrouble: apiTrouble)
    }
}

extension ManagedCertificate {
    fileprivate static var sample: ManagedCertificate {
        guard let name = try? CertificateName(validating: "www"),
            let host = try? DNSName(validating: "www.example.org"), let names = DNSNameSet([host])
        else { fatalError("the fixture has no name") }
        return ManagedCertificate(
            name: name, profile: "web", dnsNames: names,
            outputs: OutputPaths(key: "/k", cert: "/c", chain: "/h", fullchain: "/f"))
    }
}
