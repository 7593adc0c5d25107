import Broker
import Configuration
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// While it isn't known what was decided before, nothing is installed that it could replace.
@Suite struct UnreadJournalTests {
    /// What can't be read.
    static let calls: [InstallSeam.Call] = [.listJournal, .readJournal]

    private func fault(_ call: InstallSeam.Call, while isDown: Lock<Bool>) -> InstallSeam {
        InstallSeam { (made, path) throws(SystemError) in
            if made == call, isDown.withLock({ $0 }) { throw SystemError("read", path, .inputOutput) }
        }
    }

    private func recovery(of renewal: Renewal, seam: InstallSeam = .none) throws -> HostRecovery {
        let outputs = renewal.host.certificate.outputs
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
              - {name: web, profile: web, dns_names: [a.example.org], key: \(outputs.key),
                cert: \(outputs.cert), chain: \(outputs.chain), fullchain: \(outputs.fullchain)}
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        return HostRecovery(
            settings: settings, state: try renewal.host.stateDirectory(), log: renewal.host.log, seam: seam)
    }

    @Test(arguments: calls)
    func `an older set comes before the next one, never over it`(call: InstallSeam.Call) throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        let host = renewal.host
        let isDown = Lock(true)
        let seam = fault(call, while: isDown)
        let journal = InstallJournal(try host.stateDirectory(), seam: seam)
        let installer = Installer(gate: ReloadGate(), journal: journal, log: host.log)
        let torn = try host.outputs()
        var start = try recovery(of: renewal, seam: seam)
        installer.opened.adopt(stuck: start.runAndSweep())
        #expect(try host.outputs() == torn, "nothing is swept either")

        let (second, key) = try host.issued()
        for _ in 0..<2 {
            let failure = #expect(throws: RenewalFailure.self) {
                try installer.install(second, pendingKey: key, for: host.certificate)
            }
            #expect(failure?.failureClass == .stateDirectoryFailed)
            let early = #expect(throws: RenewalFailure.self) {
                try installer.opened.finish(at: host.certificate.outputs, for: host.certificate.name)
            }
            #expect(early?.failureClass == .stateDirectoryFailed)
            #expect(early?.stage == .key, "nothing has been ordered")
            #expect(installer.opened.retry().isEmpty)
            #expect(installer.opened.unreadJournal?.detail.contains("EIO") == true)
        }
        #expect(try host.outputs() == torn)

        isDown.withLock { $0 = false }
        #expect(installer.opened.retry { _ in }.isEmpty, "it may be the identity's")
        #expect(installer.opened.unreadJournal != nil)
        #expect(installer.opened.retry().map(\.subject) == ["web"])
        #expect(installer.opened.unreadJournal == nil)
        #expect(try host.outputs() == renewal.new)
        _ = try installer.install(second, pendingKey: key, for: host.certificate)
        start = try recovery(of: renewal)
        #expect(start.runAndSweep() == [])
        #expect(try host.outputs()["key.pem"] == key.bytes)
        #expect(try host.outputs()["cert.pem"] == Array(second.certificatePEM.utf8))
    }

    @Test func `nothing is ordered before an entry can be read, and the attempt succeeds afterwards`()
        async throws
    {
        let host = try LabHost()
        _ = try await host.enroll().get()
        // A directory can be opened like a file, but not read.
        _ = try host.state.journal.makeDirectory("install.certplane-x.json", mode: 0o700)
        let hands = host.hands()
        hands.adopt(
            stuck: HostRecovery(settings: host.settings, state: host.state, log: host.log).runAndSweep())
        let orders = host.lab.counters.orders
        let refused = try await host.attempt(hands: hands)
        #expect(refused.failure?.failureClass == .stateDirectoryFailed)
        #expect(refused.failure?.stage == .key)
        #expect(host.lab.counters.orders == orders)
        #expect(hands.unreadJournal != nil)
        #expect(hands.retryStuckInstalls() == [])
        try host.state.journal.removeDirectory("install.certplane-x.json")
        _ = hands.retryStuckInstalls()
        #expect(hands.unreadJournal == nil)
        #expect(try await host.attempt(hands: hands).report != nil)
    }

    @Test func `recover says that it doesn't know what was left`() throws {
        let renewal = try Renewal(first: false)
        let outcomes = try recovery(of: renewal, seam: fault(.listJournal, while: Lock(true))).runAndSweep()
        guard case .unlisted? = outcomes.first else { throw Missing() }
        #expect(renewal.host.capture.lines.contains { $0.contains("install journal can't be read") })
    }

    @Test func `an entry that can't be read while an enrolment is under way is taken on`() throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        let seam = fault(.readJournal, while: Lock(true))
        let outcomes = try recovery(of: renewal, seam: seam).runBesideEnrolment()
        guard case .stuck(_, nil, _)? = outcomes.first else { throw Missing() }
    }

    @Test func `a retry leaves alone what an install is at work on`() async throws {
        let renewal = try Renewal(first: false)
        let host = renewal.host
        let door = Turnstile()
        let seam = InstallSeam { (call, _) throws(SystemError) in if call == .openJournal { door.pass() } }
        let installer = try host.installer(seam: seam)
        async let install = onThread {
            try installer.install(renewal.bundle, pendingKey: renewal.key, for: host.certificate)
        }
        try await onThread { try door.waitForArrivals(1) }
        // Under another name, and found out only now.
        let record = InstallRecord(
            subject: "other",
            files: [
                InstallRecord.File(
                    path: host.certificate.outputs.key, stagedName: ".gone", hadOld: false, sha256: "00")
            ])
        let entry = try host.journal().open(record)
        installer.opened.adopt(stuck: [
            .stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))
        ])
        #expect(installer.opened.retry().isEmpty)
        #expect(installer.opened.subjects == ["other"])
        door.open()
        _ = try await install
        #expect(installer.opened.retry().map(\.subject) == ["other"])
        #expect(try host.outputs() == renewal.new)
    }
}
