import Configuration
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct HostAgentTests {
    private let host: TestHost

    init() throws { host = try TestHost() }

    private func makeAgent() throws -> HostAgent {
        let text = """
            state_dir: \(host.scratch.path("state"))
            identity:
              name: edge01.example.org
              cert: \(host.scratch.path("state/identity.crt"))
              key: \(host.scratch.path("state/identity.key"))
              issuer_ca_bundle: \(host.scratch.path("identity-ca.crt"))
              step_ca:
                url: https://ca.example.org
                root_ca_bundle: \(host.scratch.path("root.crt"))
            broker:
              url: https://broker.example.org
              server_ca_bundle: \(host.scratch.path("root.crt"))
            certificates:
              - name: web
                profile: web
                dns_names: [a.example.org]
                key: \(host.scratch.path("out/key.pem"))
                cert: \(host.scratch.path("out/cert.pem"))
                chain: \(host.scratch.path("out/chain.pem"))
                fullchain: \(host.scratch.path("out/fullchain.pem"))
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        return try HostAgent(
            LoadedConfiguration(path: "agent.yml", hash: "", settings: settings), version: "0", log: host.log)
    }

    /// Whatever else the process starts may stage files of its own from then on.
    @Test func `a certificate that is named like the identity is not left out beside an enrolment`() throws {
        let state = try host.stateDirectory()
        let journal = InstallJournal(state)
        let target = try host.scratch.write("out/cert.pem", "old")
        try host.scratch.write("out/.certplane-a", "new", mode: 0o600)
        for isIdentity in [nil, false] as [Bool?] {
            try host.scratch.write("out/cert.pem", "old")
            try host.scratch.write("out/.certplane-a", "new", mode: 0o600)
            _ = try journal.open(
                InstallRecord(
                    subject: InstallSubject.identity.text, isIdentity: isIdentity,
                    files: [
                        InstallRecord.File(
                            path: target, stagedName: ".certplane-a", hadOld: false,
                            sha256: SHA256.hex(Array("new".utf8)))
                    ]))
            let enrolment = try state.lock(.enrolling)
            let agent = try makeAgent()
            withExtendedLifetime(agent) {}
            _ = consume enrolment
            #expect(try File.read(target, limit: 99) == Array("new".utf8))
            #expect(try journal.entries().isEmpty)
        }
    }

    @Test func `what a dead agent left staged is gone before anything runs`() throws {
        _ = try host.stateDirectory()
        let left = try host.scratch.write("state/.certplane-0123456789abcdef", "half a record", mode: 0o600)
        let agent = try makeAgent()
        #expect(try File.status(left) == nil)
        withExtendedLifetime(agent) {}
    }

    /// Until it is mounted, nobody knows of it otherwise.
    @Test func `an open install whose directory is missing is the certificate's last error`() async throws {
        let state = try host.stateDirectory()
        _ = try InstallJournal(state).open(
            InstallRecord(
                subject: "web",
                files: [
                    InstallRecord.File(
                        path: host.scratch.path("out/key.pem"), stagedName: ".certplane-key", hadOld: true,
                        sha256: "00")
                ]))
        let agent = try makeAgent()
        try await onThread { try agent.run(once: true) }
        let status = try required(agent.engine.status.current().certificates.first)
        #expect(status.lastError?.failure.failureClass == .installOpen)
        #expect(status.lastError?.failure.detail.contains(host.scratch.path("out")) == true)
    }

    /// It may take a minute, and the agent runs for years: a set that is half new can't wait for the next start.
    @Test func `an enrolment under way holds up no interrupted install but the identity's`() throws {
        let state = try host.stateDirectory()
        let journal = InstallJournal(state)
        for (subject, name) in [
            ("web", "out/cert.pem"), (InstallSubject.identity.text, "state/identity.crt"),
        ] {
            let target = try host.scratch.write(name, "old")
            let staged = ".certplane-\(subject)"
            try host.scratch.write("\(name.split(separator: "/")[0])/\(staged)", "new", mode: 0o600)
            _ = try journal.open(
                InstallRecord(
                    subject: subject,
                    files: [
                        InstallRecord.File(
                            path: target, stagedName: staged, oldName: nil, hadOld: false,
                            sha256: SHA256.hex(Array("new".utf8)))
                    ]))
        }
        let enrolment = try state.lock(.enrolling)
        let agent = try makeAgent()
        withExtendedLifetime(agent) {}
        _ = consume enrolment
        #expect(try File.read(host.scratch.path("out/cert.pem"), limit: 99) == Array("new".utf8))
        #expect(try File.read(host.scratch.path("state/identity.crt"), limit: 99) == Array("old".utf8))
        #expect(try File.status(host.scratch.path("state/.certplane-identity")) != nil)
        #expect(try journal.entries().count == 1)
    }
}
