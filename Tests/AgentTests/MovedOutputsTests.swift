import Configuration
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// A certificate whose files are elsewhere by now, while an install at the place before can't be finished.
@Suite struct MovedOutputsTests {
    private let renewal: Renewal
    private let moved: ManagedCertificate

    init() throws {
        renewal = try Renewal(first: false)
        var moved = renewal.host.certificate
        moved.outputs = OutputPaths(
            key: renewal.host.scratch.path("new/key.pem"), cert: renewal.host.scratch.path("new/cert.pem"),
            chain: renewal.host.scratch.path("new/chain.pem"),
            fullchain: renewal.host.scratch.path("new/fullchain.pem"),
            combined: renewal.host.scratch.path("new/combined.pem"))
        self.moved = moved
        try renewal.breakOff()
        // Neither forward nor back from here.
        let out = try Directory.open(renewal.host.scratch.path("out"))
        try out.unlink("cert.pem")
        _ = try out.makeDirectory("cert.pem", mode: 0o755)
    }

    private func adopted(isTheirs: Bool) throws -> Installer {
        let installer = try renewal.host.installer()
        installer.opened.adopt(
            stuck: try InstallRecovery(journal: try renewal.host.journal(), log: renewal.host.log).run(),
            isTheirs: { _ in isTheirs })
        #expect(installer.opened.subjects == ["web"])
        return installer
    }

    @Test func `the place before holds up neither order, install nor reload`() throws {
        let installer = try adopted(isTheirs: true)
        try installer.opened.finish(at: moved.outputs, for: moved.name)
        let (second, key) = try renewal.host.issued()
        _ = try installer.install(second, pendingKey: key, for: moved)
        #expect(try File.read(moved.outputs.key, limit: 99_999) == key.bytes)
        #expect(!installer.opened.isStuck(moved))
        #expect(installer.opened.subjects == ["web"], "it is tried again")
    }

    @Test func `after a restart it doesn't either`() throws {
        let installer = try adopted(isTheirs: false)
        #expect(!installer.opened.isStuck(moved))
        #expect(installer.opened.isStuck(renewal.host.certificate))
    }

    @Test func `the same place does, before anything is ordered`() throws {
        let installer = try adopted(isTheirs: true)
        #expect(installer.opened.isStuck(renewal.host.certificate))
        let failure = #expect(throws: RenewalFailure.self) {
            try installer.opened.finish(
                at: renewal.host.certificate.outputs, for: renewal.host.certificate.name)
        }
        #expect(failure?.stage == .key)
        #expect(failure?.failureClass == .installStuck)
    }

    @Test func `the same place by a link does as well, also if its volume came after the start`() throws {
        let root = try Directory.open(renewal.host.scratch.path)
        try root.rename("out", to: "volume")
        let installer = try adopted(isTheirs: true)
        try root.rename("volume", to: "out")
        try symbolicLink(renewal.host.scratch.path("link"), to: renewal.host.scratch.path("out"))
        var linked = renewal.host.certificate
        linked.outputs.key = renewal.host.scratch.path("link/key.pem")
        linked.outputs.cert = renewal.host.scratch.path("link/cert.pem")
        linked.outputs.chain = renewal.host.scratch.path("link/chain.pem")
        linked.outputs.fullchain = renewal.host.scratch.path("link/fullchain.pem")
        linked.outputs.combined = renewal.host.scratch.path("link/combined.pem")
        let failure = #expect(throws: RenewalFailure.self) {
            try installer.opened.finish(at: linked.outputs, for: linked.name)
        }
        #expect(failure?.failureClass == .installStuck)
    }

    @Test func `the configuration tells whose files they are still`() throws {
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
              - {name: web, profile: web, dns_names: [a.example.org], key: /new/key, cert: /new/cert,
                chain: /new/chain, fullchain: /new/fullchain}
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        let record = { (subject: String, path: String) in
            InstallRecord(
                subject: subject,
                files: [InstallRecord.File(path: path, stagedName: ".a", hadOld: true, sha256: "00")])
        }
        #expect(settings.hasFiles(of: record("web", "/new/cert")))
        #expect(!settings.hasFiles(of: record("web", "/old/cert")))
        #expect(settings.hasFiles(of: record("another", "/old/cert")))
    }

    @Test func `whoever has the place before by now is told of what is finished there`() throws {
        let installer = try adopted(isTheirs: true)
        let out = try Directory.open(renewal.host.scratch.path("out"))
        try out.removeDirectory("cert.pem")
        let (second, key) = try renewal.host.issued()
        _ = try installer.install(second, pendingKey: key, for: moved)
        #expect(installer.opened.subjects.isEmpty)
        var heir = renewal.host.certificate
        heir.name = try CertificateName(validating: "heir")
        let ended = installer.opened.retry()
        #expect(ended.contains { $0.concerns(heir) })
        #expect(!ended.contains { $0.concerns(moved) }, "it has been installed anew since")
    }

    @Test(
        .enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"), arguments: [false, true])
    func `the place before holds up nothing when it hangs`(isBeingTried: Bool) async throws {
        let (host, moved) = (renewal.host, moved)
        let installer = try adopted(isTheirs: true)
        try await MountNamespace.run {
            let hanging = try MountNamespace.hanging(at: host.scratch.path("out"))
            var threads: [Worker] = []
            if isBeingTried {
                threads.append(try Worker(name: "round") { _ = installer.opened.retry() })
                let pause = try Bell()
                while installer.opened.hasAnyToTry {
                    _ = pause.wait(until: Clock.boottime() + .milliseconds(2))
                }
            }
            let (second, key) = try host.issued()
            let hasEnded = Monitor(false)
            threads.append(
                try Worker(name: "renewal") {
                    do {
                        try installer.opened.finish(at: moved.outputs, for: moved.name)
                        _ = try installer.install(second, pendingKey: key, for: moved)
                        hasEnded.change { $0 = true }
                    } catch {}
                })
            let deadline = Clock.boottime() + .seconds(25)
            #expect(hasEnded.wait(until: deadline) { $0 ? true : nil } == true)
            #expect((try? File.read(moved.outputs.key, limit: 99_999)) == key.bytes)
            #expect(!installer.opened.isStuck(moved))
            hanging.free()
            for thread in threads { thread.join() }
        }
    }

    @Test(.enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
    func `the place before holds up no reload when it hangs at the start`() async throws {
        let (host, moved) = (renewal.host, moved)
        let folder = host.scratch.path("new")
        _ = try Directory.make(folder, mode: 0o755)
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
              - {name: web, profile: web, dns_names: [a.example.org], key: \(folder)/key.pem,
                cert: \(folder)/cert.pem, chain: \(folder)/chain.pem, fullchain: \(folder)/fullchain.pem}
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        try await MountNamespace.run {
            let hanging = try MountNamespace.hanging(at: host.scratch.path("out"))
            let hands = HostHands(settings, state: try host.stateDirectory(), log: host.log)
            hands.adopt(
                stuck: HostRecovery(settings: settings, state: hands.state, log: host.log).run().outcomes)
            #expect(hands.installer.opened.subjects == ["web"])
            #expect(!hands.installer.opened.isStuck(moved))
            #expect(hands.installer.opened.isStuck(host.certificate))
            hanging.free()
        }
    }

    @Test(.enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
    func `a start with many installs at a place before that hangs shows that it gets on`() async throws {
        let host = renewal.host
        let folder = host.scratch.path("new")
        _ = try Directory.make(folder, mode: 0o755)
        let text = """
            identity: {name: edge01, cert: /nowhere/a, key: /nowhere/b, issuer_ca_bundle: /nowhere/c,
              step_ca: {url: "https://ca.example.org", root_ca_bundle: /nowhere/d}}
            broker: {url: "https://broker.example.org", server_ca_bundle: /nowhere/e}
            certificates:
              - {name: web, profile: web, dns_names: [a.example.org], key: \(folder)/key.pem,
                cert: \(folder)/cert.pem, chain: \(folder)/chain.pem, fullchain: \(folder)/fullchain.pem}
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        let files = host.certificate.outputs.paths.map {
            InstallRecord.File(path: $0, stagedName: ".gone", hadOld: false, sha256: "00")
        }
        try await MountNamespace.run {
            let hanging = try MountNamespace.hanging(at: host.scratch.path("out"))
            let hands = HostHands(settings, state: try host.stateDirectory(), log: host.log)
            let record = InstallRecord(subject: "web", files: files)
            let obstacle = InstallRecovery.Obstacle(description: "hangs", isHanging: true)
            let journal = try host.journal()
            var stuck: [InstallRecovery.Outcome] = []
            for _ in 0..<3 { stuck.append(.stuck(try journal.open(record), record, because: obstacle)) }
            let begin = Clock.boottime()
            var steps = 0
            hands.adopt(stuck: stuck) { steps += 1 }
            let took = Clock.boottime() - begin
            #expect(took < .seconds(9), "\(took)")
            #expect(steps == 3)
            hanging.free()
        }
    }
}
