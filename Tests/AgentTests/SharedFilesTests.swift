import Broker
import Configuration
import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Files that are those of two certificates, or of one under two names.
@Suite struct SharedFilesTests {
    @Test func `installs of the same files follow one another`() async throws {
        var host = try TestHost()
        host.certificate.reload = ReloadSetting(command: "true")
        let (first, firstKey) = try host.issued()
        let (second, secondKey) = try host.issued()
        var other = host.certificate
        other.name = try CertificateName(validating: "site")
        _ = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try symbolicLink(host.scratch.path("link"), to: host.scratch.path("out"))
        // One way is enough.
        other.outputs.key = host.scratch.path("link/key.pem")
        other.outputs.cert = host.scratch.path("link/cert.pem")
        let (door, calls) = (Turnstile(), Lock<[String]>([]))
        let cert = host.certificate.outputs.cert
        let seam = InstallSeam { (call, path) throws(SystemError) in
            calls.withLock { $0.append(path) }
            // In the middle of the first one's section.
            if call == .rename, path == cert, calls.withLock({ !$0.contains("second") }) { door.pass() }
        }
        let installer = try host.installer(seam: seam)
        let wanted = host.certificate
        async let one = onThread { try installer.install(first, pendingKey: firstKey, for: wanted) }
        try await onThread { try door.waitForArrivals(1) }
        let count = calls.withLock { $0.count }
        async let two = onThread { [other] in
            try installer.install(second, pendingKey: secondKey, for: other)
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(calls.withLock { $0.count } == count, "the second one has not begun")
        calls.withLock { $0.append("second") }
        door.open()
        _ = try await (one, two)
        let outputs = try host.outputs()
        #expect(outputs["key.pem"] == secondKey.bytes)
        #expect(outputs["cert.pem"] == Array(second.certificatePEM.utf8))
    }

    @Test func `a set that is stuck under another name holds the reload and the order`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        var certificate = try host.certificate()
        certificate.reload = ReloadSetting(command: "true")
        let hands = host.hands { [certificate] in $0.certificates = [certificate] }
        let record = InstallRecord(
            subject: "old-name",
            files: [
                InstallRecord.File(
                    path: certificate.outputs.key, stagedName: "gone", hadOld: false, sha256: "00")
            ])
        let entry = try InstallJournal(host.state).open(record)
        hands.adopt(stuck: [.stuck(entry, record, because: InstallRecovery.Obstacle(description: "EIO"))])
        let plan = ReloadPlan(
            command: "true", timeout: .seconds(10),
            certificates: [ReloadSubject(wanted: certificate, installed: nil)])
        let outcome = try await onThread { hands.reload(plan, stop: try StopSignal()) }
        guard case .failed(let failure) = outcome else { throw Missing() }
        #expect(failure.failureClass == .installStuck)
    }

    @Test func `a set that gets stuck while a reload waits at the gate holds it`() async throws {
        var host = try TestHost()
        host.certificate.reload = ReloadSetting(command: "true")
        let (old, oldKey) = try host.issued()
        let gate = ReloadGate()
        _ = try host.installer(gate: gate).install(old, pendingKey: oldKey, for: host.certificate)
        let (new, newKey) = try host.issued()
        let (door, renames) = (Turnstile(), Lock(0))
        let seam = InstallSeam { (call, path) throws(SystemError) in
            guard call == .rename else { return }
            let count = renames.withLock { count in
                count += 1
                return count
            }
            if count < 2 { return }
            if count == 2 { door.pass() }
            throw SystemError("rename", path, .inputOutput)
        }
        let installer = try host.installer(gate: gate, seam: seam)
        let (wanted, log) = (host.certificate, host.log)
        async let install = onThread {
            Result { () throws(RenewalFailure) in
                try installer.install(new, pendingKey: newKey, for: wanted)
            }
        }
        try await onThread { try door.waitForArrivals(1) }
        async let run = onThread {
            ReloadCommand(gate: gate, log: log).run(
                ReloadPlan(
                    command: "true", timeout: .seconds(10),
                    certificates: [ReloadSubject(wanted: wanted, installed: nil)])
            ) {
                installer.opened.isStuck(wanted)
                    ? RenewalFailure(stage: .reload, .installStuck, detail: "held") : nil
            }
        }
        try await Task.sleep(for: .milliseconds(100))
        door.open()
        #expect(try await run == .failed(RenewalFailure(stage: .reload, .installStuck, detail: "held")))
        guard case .failure(let failure) = try await install else { throw Missing() }
        #expect(failure.failureClass == .installStuck)
        #expect(!host.capture.lines.contains { $0.contains("reload started") })
    }

    @Test func `a certificate whose files another one has by another way is refused before it orders`()
        async throws
    {
        let host = try LabHost(["--certificates", "2"])
        _ = try await host.enroll().get()
        var certificates = host.settings.certificates
        let first = URL(filePath: certificates[0].outputs.key).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: first, withIntermediateDirectories: true)
        try symbolicLink(host.scratch.path("alias"), to: first)
        let names = OutputPaths(
            key: "key.pem", cert: "cert.pem", chain: "chain.pem", fullchain: "fullchain.pem")
        let at = { (directory: String) in
            OutputPaths(
                key: "\(directory)/\(names.key)", cert: "\(directory)/\(names.cert)",
                chain: "\(directory)/\(names.chain)", fullchain: "\(directory)/\(names.fullchain)")
        }
        certificates[0].outputs = at(first)
        certificates[1].outputs = at(host.scratch.path("alias"))
        var settings = host.settings
        settings.certificates = certificates
        let problem = try required(
            Inspection(settings).findings().first { $0.message.contains("is the same file as") })
        #expect(problem.message.contains("'\(certificates[0].name)'"))
        #expect(problem.subject == "certificate \(certificates[1].name) key")

        let hands = host.hands { [certificates] in $0.certificates = certificates }
        let attempt = { @Sendable (certificate: ManagedCertificate) in
            try await onThread {
                let plan = AttemptPlan(
                    id: RenewalID("t"), certificate: certificate,
                    broker: BrokerAddress(host.settings.broker.url.text), reason: .missing)
                return hands.attempt(plan, in: WorkerContext(), stop: try StopSignal()) { _ in }
            }
        }
        guard case .failed(let failure) = try await attempt(certificates[1]) else { throw Missing() }
        #expect(failure.failureClass == .sharedOutputs && failure.stage == .key && !failure.isTransient)
        #expect(host.lab.counters.orders == 0)
        guard case .installed = try await attempt(certificates[0]) else { throw Missing() }
    }

    @Test func `a certificate that has the identity's files by a link is refused before it orders`()
        async throws
    {
        let host = try LabHost()
        _ = try await host.enroll().get()
        let identity = host.settings.identity
        var certificate = try host.certificate()
        let (parent, name) = try required(identity.keyPath.splitAtLastSlash)
        try symbolicLink(host.scratch.path("alias"), to: parent)
        certificate.outputs.key = host.scratch.path("alias/\(name)")
        var settings = host.settings
        settings.certificates = [certificate]
        let problem = try required(
            Inspection(settings).findings().first { $0.message.contains("is the same file as") })
        #expect(problem.message.contains("which is identity.key"))
        let before = try File.read(identity.keyPath, limit: 1 << 16)
        let hands = host.hands { [certificate] in $0.certificates = [certificate] }
        let outcome = try await onThread { [certificate] in
            let plan = AttemptPlan(
                id: RenewalID("t"), certificate: certificate,
                broker: BrokerAddress(host.settings.broker.url.text), reason: .missing)
            return hands.attempt(plan, in: WorkerContext(), stop: try StopSignal()) { _ in }
        }
        guard case .failed(let failure) = outcome else { throw Missing() }
        #expect(failure.failureClass == .sharedOutputs)
        #expect(host.lab.counters.orders == 0)
        #expect(try File.read(identity.keyPath, limit: 1 << 16) == before)
    }

    /// A file that is a link leads to the file that an install would change.
    @Test func `a link to another certificate's file is that file`() throws {
        let host = try TestHost()
        try host.scratch.write("real.pem", "x", mode: 0o644)
        let link = host.scratch.path("link.pem")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: host.scratch.path("real.pem"))
        #expect(FilePlace(link) == FilePlace(host.scratch.path("real.pem")))
        #expect(FilePlace(link) != FilePlace(host.scratch.path("other.pem")))
    }

    @Test func `a file that is shared is not rebuilt in turn`() async throws {
        let host = try LabHost()
        let first = try host.certificate()
        var second = first
        second.name = try CertificateName(validating: "second")
        let hands = host.hands { [first, second] in $0.certificates = [first, second] }
        let failure = try await onThread { [second] in hands.rebuild([.fullchain], of: second) }
        #expect(failure?.failureClass == .sharedOutputs)
        #expect(try await onThread { hands.rebuild([.fullchain], of: first) } == nil)
    }

    @Test func `an install that ends late is told to whoever has its files now`() throws {
        let host = try TestHost()
        let record = InstallRecord(
            subject: "old-name",
            files: [
                InstallRecord.File(
                    path: host.certificate.outputs.key, stagedName: ".gone", hadOld: false, sha256: "00")
            ])
        _ = try Directory.make(host.scratch.path("out"), mode: 0o755)
        let entry = try host.journal().open(record)
        let installer = try host.installer()
        let obstacle = InstallRecovery.Obstacle(description: "EMFILE")
        // As it was read at the start, and as it could not be.
        for known in [record, nil] {
            if known == nil { _ = try host.journal().open(record) }
            installer.opened.adopt(stuck: [.stuck(entry, known, because: obstacle)])
            let ended = installer.opened.retry()
            #expect(ended.map(\.subject) == ["old-name"])
            if known != nil { #expect(ended.first?.concerns(host.certificate) == true) }
        }
    }

    @Test func `while a directory hangs what was known before counts, and nobody waits for it`() async throws
    {
        let first = try TestHost().certificate
        var second = first
        second.name = try CertificateName(validating: "second")
        let (door, hangs) = (Turnstile(), Lock(false))
        let survey = SharedFilesSurvey([first, second], longestWait: .milliseconds(50)) {
            (certificates, _) in
            if hangs.withLock({ $0 }) { door.pass() }
            return SharedFiles(among: certificates)
        }
        #expect(survey.clash(of: first.name) == nil)
        #expect(survey.clash(of: second.name) != nil)
        hangs.withLock { $0 = true }
        #expect(survey.clash(of: second.name) != nil, "it is asked again, and that hangs")
        try await onThread { try door.waitForArrivals(1) }
        #expect(survey.clash(of: first.name) == nil)
        hangs.withLock { $0 = false }
        survey.adopt([first])
        #expect(survey.clash(of: second.name) == nil, "the hanging one is not waited for")
        door.open()
    }
}
