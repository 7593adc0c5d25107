import Configuration
import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

/// What is held while a set is stuck, and what follows when it no longer is.
@Suite struct StuckInstallTests {
    @Test func `an install that a later round finishes is reloaded, once`() async throws {
        var web = try ManagedCertificate.named("web")
        web.reload = ReloadSetting(command: "reload it")
        let hands = ScriptedHands(disk: web.onDisk) { _, _, _ in
            .failed(RenewalFailure(stage: .install, .installStuck, detail: "EIO"))
        }
        let (wanted, name) = (web, web.name)
        try await onThread {
            let running = try RunningEngine([wanted], hands, longestSleep: .milliseconds(20))
            _ = try running.snapshot { $0.certificate(name)?.state == .valid }
            _ = running.engine.commands.submit(.renew(name, RenewRequest()))
            _ = try running.snapshot {
                $0.certificate(name)?.lastError?.failure.failureClass == .installStuck
            }
            let finished = FoundCertificate(
                certificate: .installed(wanted.issued(serial: "2")), key: .matches)
            hands.unstuck.withLock { $0[name] = finished }
            try hands.wait(for: "reload web")
            // The snapshot of the round that began the reload may be yet to come.
            _ = try running.snapshot {
                $0.certificate(name).map { $0.reload.pendingSince == nil && $0.lastError == nil } ?? false
            }
        }
        #expect(hands.count("reload web") == 1)
    }

    @Test func `what a round has finished is told of although a look at another certificate hangs`()
        async throws
    {
        let stuck = RenewalFailure(stage: .install, .installStuck, detail: "EIO")
        let certificates = try ["a", "b"].map { try ManagedCertificate.named($0, reload: "reload \($0)") }
        let hands = ScriptedHands { _, _, _ in .failed(stuck) }
        let gate = Turnstile()
        try await onThread {
            let running = try RunningEngine(certificates, hands, longestSleep: .milliseconds(20)) {
                $0.retryBase = .seconds(300)
            }
            _ = try running.snapshot { $0.certificates.allSatisfy { $0.lastError != nil } }
            hands.hanging.withLock { $0 = (certificates[0].name, gate) }
            hands.unstuck.withLock { unstuck in
                for one in certificates {
                    unstuck[one.name] = FoundCertificate(
                        certificate: .installed(one.issued(serial: "2")), key: .matches)
                }
            }
            try hands.wait(for: "reload b")
            #expect(hands.count("reload a") == 0)
            gate.open()
            try hands.wait(for: "reload a")
        }
    }

    @Test(.enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
    func `an open install in a directory that hangs holds up no other service`() async throws {
        let host = try TestHost()
        let out = host.scratch.path("out")
        let record = InstallRecord(
            subject: "web",
            files: [
                InstallRecord.File(
                    path: host.certificate.outputs.key, stagedName: ".gone", hadOld: false, sha256: "00")
            ])
        try await MountNamespace.run {
            let gate = ReloadGate(sectionTime: .milliseconds(200))
            let installer = try host.installer(gate: gate)
            _ = try Directory.make(out, mode: 0o755)
            let absence = InstallRecovery.Obstacle(description: "absent", isAbsence: true, isMixed: false)
            let entry = try host.journal().open(record)
            installer.opened.adopt(stuck: [.stuck(entry, record, because: absence)])
            #expect(installer.opened.hasAnyToTry && !installer.opened.isStuck(host.certificate))

            let hanging = try MountNamespace.hanging(at: out)
            let hasEnded = Lock(false)
            let thread = try Worker(name: "install") {
                _ = installer.opened.retry()
                hasEnded.withLock { $0 = true }
            }
            let pause = try Bell()
            while installer.opened.hasAnyToTry { _ = pause.wait(until: Clock.boottime() + .milliseconds(2)) }
            #expect(installer.opened.retry().isEmpty, "it is left to who is at work on it")
            gate.run("another") { $0() }
            gate.withSection(of: "another") {}
            while !installer.opened.isStuck(host.certificate) {
                _ = pause.wait(until: Clock.boottime() + .milliseconds(20))
            }
            #expect(installer.opened.stuckSubjects == ["web"], "its own service is not reloaded meanwhile")
            #expect(!hasEnded.withLock { $0 })
            hanging.free()
            thread.join()
            #expect(hasEnded.withLock { $0 })
        }
    }

    @Test func `a stuck set holds its own reload and every other that runs the same command`() async throws {
        let host = try LabHost(["--certificates", "3"])
        var certificates = host.settings.certificates
        for (index, command) in ["echo shared", "echo shared", "echo other"].enumerated() {
            certificates[index].reload = ReloadSetting(command: command)
        }
        let hands = host.hands { [certificates] in $0.certificates = certificates }
        let record = InstallRecord(subject: certificates[0].name.text, files: [])
        let entry = try InstallJournal(host.state).open(record)
        let reload = { @Sendable [certificates] (index: Int) in
            try await onThread {
                let plan = ReloadPlan(
                    command: certificates[index].reload?.command ?? "", timeout: .seconds(10),
                    certificates: [ReloadSubject(wanted: certificates[index], installed: nil)])
                return hands.reload(plan, stop: try StopSignal())
            }
        }
        hands.adopt(stuck: [.stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))])
        for index in 0..<2 {
            guard case .failed(let failure) = try await reload(index) else { throw Missing() }
            #expect(failure.failureClass == .installStuck)
        }
        #expect(try await reload(2) == .succeeded)
        #expect(hands.retryStuckInstalls() == [certificates[0].name])
        for index in 0..<3 { #expect(try await reload(index) == .succeeded) }
    }

    @Test func `an install that is finished on the way to an order is told of`() throws {
        let renewal = try Renewal(first: false)
        try renewal.breakOff()
        let host = renewal.host
        let journal = try host.journal()
        let entry = try required(journal.entries().first)
        guard case .record(let record) = journal.read(entry) else { throw Missing() }
        let installer = try host.installer()
        installer.opened.adopt(
            stuck: [.stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))])
        try installer.opened.finish(at: host.certificate.outputs, for: host.certificate.name)
        #expect(try host.outputs() == renewal.new)
        #expect(installer.opened.hasAnyToTry)
        #expect(installer.opened.retry().contains { $0.concerns(host.certificate) })
        #expect(!installer.opened.hasAnyToTry)
    }

    @Test(.enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
    func `what a round has finished is told of although another install hangs`() async throws {
        let host = try TestHost()
        let out = host.scratch.path("out")
        try await MountNamespace.run {
            let installer = try host.installer()
            let obstacle = InstallRecovery.Obstacle(description: "absent", isAbsence: true, isMixed: false)
            let names = (0..<12).map { "c\($0)" }
            _ = try Directory.make(out, mode: 0o755)
            var found: [InstallRecovery.Outcome] = []
            for name in names + ["web"] {
                let file = InstallRecord.File(
                    path: host.certificate.outputs.key, stagedName: ".gone-\(name)", hadOld: false,
                    sha256: "00")
                let made = host.scratch.path("there-\(name)")
                _ = try Directory.make(made, mode: 0o755)
                let undone = InstallRecord.File(
                    path: made + "/key", stagedName: "s-\(name)", hadOld: false, sha256: "00")
                let record = InstallRecord(subject: name, files: [name == "web" ? file : undone])
                found.append(.stuck(try host.journal().open(record), record, because: obstacle))
            }
            installer.opened.adopt(stuck: found)
            let hanging = try MountNamespace.hanging(at: out)
            let ended = Lock<[String]>([])
            var threads: [Worker] = []
            let pause = try Bell()
            for _ in 0..<2 {
                threads.append(
                    try Worker(name: "install") {
                        let done = installer.opened.retry().map(\.subject)
                        ended.withLock { $0 += done }
                    })
                _ = pause.wait(until: Clock.boottime() + .seconds(1))
            }
            #expect(installer.opened.subjects == ["web"])
            #expect(Set(ended.withLock { $0 }) == Set(names))
            hanging.free()
            for thread in threads { thread.join() }
        }
    }

    @Test(.enabled(if: MountNamespace.canHang, "needs root and /dev/fuse"))
    func `an install that hangs keeps nobody from the identity`() async throws {
        let host = try LabHost()
        let out = host.scratch.path("hangs")
        try await MountNamespace.run {
            let hands = host.hands()
            let journal = InstallJournal(host.state)
            _ = try Directory.make(out, mode: 0o755)
            let web = InstallRecord(
                subject: "web",
                files: [
                    InstallRecord.File(path: out + "/key", stagedName: ".gone", hadOld: false, sha256: "00")
                ])
            let identity = InstallRecord(subject: "identity", isIdentity: true, files: [])
            let obstacle = InstallRecovery.Obstacle(description: "EIO")
            hands.adopt(stuck: [
                .stuck(try journal.open(web), web, because: obstacle),
                .stuck(try journal.open(identity), identity, because: obstacle),
            ])
            let hanging = try MountNamespace.hanging(at: out)
            let thread = try Worker(name: "install") { _ = hands.retryStuckInstalls() }
            _ = try Bell().wait(until: Clock.boottime() + .seconds(1))
            var isFree = false
            if let lock = try? host.state.lock(.enrolling) {
                isFree = true
                _ = consume lock
            }
            #expect(isFree)
            #expect(!hands.installer.opened.subjects.contains("identity"))
            hanging.free()
            thread.join()
        }
    }
}
