import Configuration
import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

/// The engine reads its configuration again while it works.
@Suite struct ConfigurationReloadTests {
    private let web: ManagedCertificate
    private let mail: ManagedCertificate

    init() throws {
        web = try .named("web")
        mail = try .named("mail")
    }

    private static func change(_ hash: String, to certificates: [ManagedCertificate]) -> ConfigurationReading
    {
        var difference = ConfigurationDifference()
        difference.added = certificates.map(\.name)
        return .usable(
            ConfigurationChange(
                hash: hash, certificates: certificates,
                settings: LifecycleSettings(
                    identityName: "host", brokers: [BrokerAddress("https://broker.example.org")]),
                difference: difference))
    }

    private static let fault = ConfigurationFault(line: 3, column: 1, key: "broker", message: "odd", hint: "")

    /// Two certificates' disk on which both are well.
    private var disk: [CertificateName: FoundCertificate] {
        web.onDisk.merging(mail.onDisk) { first, _ in first }
    }

    private static func ask(_ running: RunningEngine) throws -> RenewalID {
        guard case .accepted(let id, _) = running.engine.commands.submit(.reloadConfiguration) else {
            throw Missing()
        }
        return id
    }

    private static func outcome(of id: RenewalID, _ running: RunningEngine) throws -> ConfigurationReload {
        let snapshot = try running.snapshot {
            $0.agent.configurationReloads.contains { $0.answers(to: id) }
        }
        return try required(snapshot.agent.configurationReloads.last { $0.answers(to: id) })
    }

    @Test func `a valid one is in force when its outcome shows`() async throws {
        let hands = ScriptedHands(disk: disk) { _, _, _ in .unchanged(serial: "1") }
        let (web, mail) = (web, mail)
        hands.expectReadings({ Self.change("h2", to: [mail, web]) })
        let running = try RunningEngine([web], hands)
        try await onThread {
            let before = try running.snapshot { $0.certificate(web.name)?.state == .valid }
            let id = try Self.ask(running)
            let reload = try Self.outcome(of: id, running)
            guard case .applied(let difference) = reload.outcome else { throw Missing() }
            #expect(difference.added == [mail.name, web.name])
            let after = running.snapshot
            #expect(after.certificates.map(\.name) == [mail.name, web.name])
            #expect(after.agent.configHash == "h2")
            #expect(after.agent.configLoadedAt > before.agent.configLoadedAt)
            #expect(after.agent.lastReloadSucceeded)
            // What the engine looks at follows, too.
            _ = try running.snapshot { $0.certificate(mail.name)?.state == .valid }
            guard case .accepted = running.engine.commands.submit(.renew(mail.name, RenewRequest())) else {
                throw Missing()
            }
            try hands.wait(for: "attempt mail")
        }
        #expect(hands.count("adopt h2") == 1)
    }

    @Test func `a refused one changes nothing but the outcome`() async throws {
        let hands = ScriptedHands(disk: disk) { _, _, _ in .unchanged(serial: "1") }
        let (web, mail) = (web, mail)
        hands.expectReadings({ .refused([Self.fault]) }, { Self.change("h3", to: [mail]) })
        let running = try RunningEngine([web], hands)
        try await onThread {
            let reload = try Self.outcome(of: try Self.ask(running), running)
            #expect(reload.outcome == .refused([Self.fault]))
            let snapshot = running.snapshot
            #expect(!snapshot.agent.lastReloadSucceeded)
            #expect(snapshot.agent.configHash == "")
            #expect(snapshot.certificates.map(\.name) == [web.name])

            _ = try Self.outcome(of: try Self.ask(running), running)
            #expect(running.snapshot.agent.lastReloadSucceeded)
            #expect(running.snapshot.agent.configurationReloads.count == 2)
        }
        #expect(hands.entries.filter { $0.hasPrefix("adopt") } == ["adopt h3"])
    }

    @Test func `who asks before the file is read is answered by it, who asks later by another reading`()
        async throws
    {
        let hands = ScriptedHands(disk: disk) { _, _, _ in .unchanged(serial: "1") }
        let gate = Turnstile()
        let web = web
        hands.expectReadings(
            {
                gate.pass()
                return Self.change("h2", to: [web])
            }, { Self.change("h3", to: [web]) })
        let running = try RunningEngine([web], hands)
        try await onThread {
            let first = try Self.ask(running)
            try gate.waitForArrivals(1)
            // The reading is under way: these saw a file that it may have missed, and are one wish together.
            let later = try (0..<100).map { _ in try Self.ask(running) }
            #expect(Set(later).count == 1)
            #expect(later.first != first)
            gate.open()
            let last = try Self.outcome(of: try required(later.first), running)
            #expect(running.snapshot.agent.configHash == "h3")
            #expect(try Self.outcome(of: first, running).endedAt <= last.endedAt)
        }
        #expect(hands.count("read configuration") == 2)
    }

    @Test func `a reading that takes its time holds up neither renewals nor the engine`() async throws {
        let gate = Turnstile()
        let hands = ScriptedHands(disk: disk) { plan, _, _ in
            .installed(IssuedReport(certificate: plan.certificate.issued(serial: "2")))
        }
        let web = web
        hands.expectReadings({
            gate.pass()
            return .refused([])
        })
        let running = try RunningEngine([web], hands)
        try await onThread {
            _ = try Self.ask(running)
            try gate.waitForArrivals(1)
            _ = running.engine.commands.submit(.renew(web.name, RenewRequest()))
            _ = try running.snapshot { $0.certificate(web.name)?.installed?.serial == "2" }
            gate.open()
        }
    }

    @Test func `only the newest outcomes are kept`() async throws {
        let hands = ScriptedHands(disk: disk) { _, _, _ in .unchanged(serial: "1") }
        let running = try RunningEngine([web], hands)
        try await onThread {
            var last: RenewalID?
            for _ in 0..<20 {
                let id = try Self.ask(running)
                _ = try Self.outcome(of: id, running)
                last = id
            }
            let kept = running.snapshot.agent.configurationReloads
            #expect(kept.count == 8)
            #expect(kept.last?.id == last)
        }
    }

    @Test func `a stop while the file is read ends as usual`() async throws {
        let gate = Turnstile()
        let hands = ScriptedHands(disk: disk) { _, _, _ in .unchanged(serial: "1") }
        let (web, mail) = (web, mail)
        hands.expectReadings({
            gate.pass()
            return Self.change("h2", to: [mail])
        })
        let running = try RunningEngine([web], hands)
        try await onThread {
            _ = try Self.ask(running)
            try gate.waitForArrivals(1)
            running.engine.stop()
            _ = try running.snapshot { $0.agent.stopping }
            gate.open()
            try running.waitForEnd()
        }
        #expect(running.engine.commands.submit(.reloadConfiguration) == .stopping)
    }
}

/// What the real hands make of the file.
@Suite struct ConfigurationReadingTests {
    private let host: TestHost

    init() throws { host = try TestHost() }

    private func text(_ certificates: [String] = ["web"], _ more: String = "") -> String {
        let list = certificates.map {
            """
              - name: \($0)
                profile: web
                dns_names: [\($0).example.org]
                key: \(host.scratch.path("out/\($0)/key.pem"))
                cert: \(host.scratch.path("out/\($0)/cert.pem"))
                chain: \(host.scratch.path("out/\($0)/chain.pem"))
                fullchain: \(host.scratch.path("out/\($0)/fullchain.pem"))

            """
        }
        return """
            state_dir: \(host.scratch.path("state"))
            identity:
              name: edge01.example.org
              cert: \(host.scratch.path("identity.crt"))
              key: \(host.scratch.path("identity.key"))
              issuer_ca_bundle: \(host.scratch.path("identity-ca.crt"))
              step_ca: {url: "https://ca.example.org", root_ca_bundle: \(host.scratch.path("root.crt"))}
            broker: {url: "https://broker.example.org", server_ca_bundle: \(host.scratch.path("root.crt"))}
            \(more)
            certificates:
            \(list.joined())
            """
    }

    private func hands(_ api: WantedAPI? = nil) throws -> HostHands {
        let path = try host.scratch.write("agent.yml", text())
        let loaded = try ConfigurationFile(path: path).load()
        return HostHands(
            loaded, state: try host.stateDirectory(), api: api ?? WantedAPI(loaded.settings.api),
            log: host.log)
    }

    private func usable(_ reading: ConfigurationReading) throws -> ConfigurationChange {
        guard case .usable(let change) = reading else { throw Missing() }
        return change
    }

    private func faults(_ reading: ConfigurationReading) throws -> [ConfigurationFault] {
        guard case .refused(let faults) = reading else { throw Missing() }
        return faults
    }

    @Test func `it is compared with what is in force, not with what was read first`() throws {
        let hands = try hands()
        #expect(try usable(hands.readConfiguration()).difference.isEmpty)
        try host.scratch.write("agent.yml", text(["web", "mail"]))
        let change = try usable(hands.readConfiguration())
        #expect(change.difference.added.map(\.text) == ["mail"])
        hands.adopt(change)
        #expect(try usable(hands.readConfiguration()).difference.isEmpty)
        #expect(host.capture.lines.contains { $0.contains("configuration applied") && $0.contains("added=") })
    }

    @Test func `logging and the api follow at once, what needs a restart stays and is told`() throws {
        let loaded = try ConfigurationFile(path: try host.scratch.write("agent.yml", text())).load()
        let api = WantedAPI(loaded.settings.api)
        let hands = HostHands(loaded, state: try host.stateDirectory(), api: api, log: host.log)
        let more = "logging: {level: warn, destination: stdout}\napi: {listen: \"127.0.0.1:9999\"}\n"
        try host.scratch.write(
            "agent.yml",
            text(["web"], more).replacing(
                "state_dir: \(host.scratch.path("state"))", with: "state_dir: /elsewhere"))
        let change = try usable(hands.readConfiguration())
        #expect(change.difference.settings == ["api.listen", "logging.level"])
        #expect(change.difference.restartRequired == ["state_dir", "logging.destination"])
        hands.adopt(change)
        #expect(api.settings.listen.description == "127.0.0.1:9999")
        #expect(api.settings.tokenPath == host.scratch.path("state/api.token"))
        #expect(!host.log.isOn(.info) || host.log.level == .debug)
        #expect(
            host.capture.lines.contains {
                $0.contains("level=WARN") && $0.contains("need a restart") && $0.contains("state_dir")
            })
        // It goes on being told, for as long as it stays so.
        #expect(
            try usable(hands.readConfiguration()).difference.restartRequired == [
                "state_dir", "logging.destination",
            ])
    }

    @Test func `everything that is wrong is in the outcome and in the log, without a command`() throws {
        let hands = try hands()
        let spoilt = text(["web"], "brokr: {}\nlogging: {level: loud}\n")
            .replacing("    profile: web\n", with: "    reload_command: [\"s3cret\"]\n")
        try host.scratch.write("agent.yml", spoilt)
        let faults = try faults(hands.readConfiguration())
        #expect(faults.count >= 4)
        #expect(faults.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty && !$0.hint.isEmpty })
        #expect(faults.contains { $0.key == "logging.level" })
        let told = host.capture.lines.filter { $0.contains("configuration problem") }
        #expect(told.count == faults.count)
        #expect(!"\(faults) \(host.capture.lines)".contains("s3cret"))
    }

    @Test func `a file that can't be read is one fault`() throws {
        let hands = try hands()
        try host.scratch.open().unlink("agent.yml")
        let faults = try faults(hands.readConfiguration())
        #expect(faults.count == 1)
        #expect(faults.first?.line == 0)
        #expect(faults.first?.message.contains("agent.yml") == true)
    }

    @Test func `what was begun by the old configuration ends by it`() throws {
        let hands = try hands()
        #expect(hands.lookAtIdentity().pair == .missing)
        try host.scratch.write(
            "agent.yml",
            text().replacing(host.scratch.path("identity.crt"), with: host.scratch.path("other.crt")))
        try host.scratch.write("other.crt", "not a certificate")
        hands.adopt(try usable(hands.readConfiguration()))
        guard case .unusable = hands.lookAtIdentity().pair else { throw Missing() }
    }
}
