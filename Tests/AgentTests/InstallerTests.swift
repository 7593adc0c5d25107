import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct InstallerTests {
    private func mode(_ path: String) throws -> FileMode { try required(File.status(path)).mode }

    @Test func `a first install makes the directory and all files, the key for its owner only`() throws {
        let host = try TestHost(combined: true)
        let (bundle, key) = try host.issued()
        let warnings = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        #expect(warnings.isEmpty)
        let outputs = try host.outputs()
        #expect(
            outputs.keys.sorted() == ["cert.pem", "chain.pem", "combined.pem", "fullchain.pem", "key.pem"])
        #expect(outputs["cert.pem"] == Array(bundle.certificatePEM.utf8))
        #expect(outputs["chain.pem"] == Array(bundle.chainPEM.utf8))
        #expect(outputs["fullchain.pem"] == Array(bundle.fullchainPEM.utf8))
        #expect(outputs["key.pem"] == key.bytes)
        #expect(outputs["combined.pem"] == key.bytes + Array(bundle.fullchainPEM.utf8))
        #expect(try mode(host.scratch.path("out")) == 0o755)
        #expect(try mode(host.certificate.outputs.key) == 0o600)
        #expect(try mode(host.scratch.path("out/combined.pem")) == 0o600)
        #expect(try mode(host.certificate.outputs.cert) == 0o644)
        #expect(Inventory().look(at: host.certificate).rebuildable.isEmpty)
    }

    @Test func `OpenSSL's own tool finds the installed key and chain fit`() async throws {
        let host = try TestHost()
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        try host.scratch.write("root.pem", host.authority.root.certificate.pem)
        let script = """
            set -e
            cd \(host.scratch.path("out"))
            openssl verify -CAfile ../root.pem -untrusted chain.pem cert.pem
            leaf=$(openssl x509 -in fullchain.pem -noout -pubkey)
            test "$leaf" = "$(openssl pkey -in key.pem -pubout)"
            """
        let report = try await onThread {
            try ChildCommand(
                executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"]
            ).run(within: ChildLimits(deadline: Clock.boottime() + .seconds(30)))
        }
        #expect(report.end == .exited(0), "\(String(decoding: report.output, as: UTF8.self))")
    }

    @Test func `a certificate for the installed key leaves the key file alone`() throws {
        var host = try TestHost(combined: true)
        let (first, key) = try host.issued()
        _ = try host.installer().install(first, pendingKey: key, for: host.certificate)
        let before = try required(File.status(host.certificate.outputs.key))
        let publicKey = try PrivateKey(pem: key).publicKey
        let other = try PrivateKey.generate(.ecP256)
        let verdict = try host.judge(
            try host.bundle(for: publicKey), pendingKey: other.publicKey, installedKey: publicKey)
        guard case .issued(let second) = verdict else { throw Missing() }
        host.certificate.ownership.certMode = 0o640
        _ = try host.installer().install(
            second, pendingKey: try other.pkcs8PEM(), for: host.certificate)
        #expect(try File.status(host.certificate.outputs.key) == before)
        #expect(try mode(host.certificate.outputs.cert) == 0o640)
        #expect(Inventory().look(at: host.certificate).key == .matches)
        #expect(try host.outputs()["combined.pem"] == key.bytes + Array(second.fullchainPEM.utf8))
    }

    @Test func `rebuilding restores exactly the missing outputs`() throws {
        let host = try TestHost(combined: true)
        let (bundle, key) = try host.issued()
        let installer = try host.installer()
        _ = try installer.install(bundle, pendingKey: key, for: host.certificate)
        let before = try host.outputs()
        for names in [["chain.pem"], ["fullchain.pem", "combined.pem"], ["chain.pem", "combined.pem"]] {
            for name in names { try Directory.open(host.scratch.path("out")).unlink(name) }
            let found = Inventory().look(at: host.certificate)
            #expect(found.rebuildable.count == names.count)
            #expect(found.lost.isEmpty)
            _ = try installer.rebuild(found.rebuildable, of: host.certificate)
            #expect(try host.outputs() == before)
        }
    }

    @Test func `two outputs that lead to one file are refused before anything changes`() throws {
        var host = try TestHost()
        let (bundle, key) = try host.issued()
        host.certificate.outputs.chain = host.scratch.path("out/../out/cert.pem")
        let failure = #expect(throws: RenewalFailure.self) {
            try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == .unsafePath)
        #expect(try host.outputNames().isEmpty)
    }

    @Test func `an account that does not exist is named`() throws {
        var host = try TestHost()
        let (bundle, key) = try host.issued()
        host.certificate.ownership.group = "no-such-group-here"
        let failure = #expect(throws: RenewalFailure.self) {
            try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == .unknownAccount)
        #expect(failure?.detail.contains("no-such-group-here") == true)
    }

    @Test func `an identity pair is installed as one`() throws {
        let host = try TestHost()
        let identity = try host.authority.client("host.example.org")
        let (cert, key) = (host.scratch.path("id/cert.pem"), host.scratch.path("id/key.pem"))
        _ = try host.installer().installIdentity(
            certificatePEM: identity.chain.pem, at: cert, key: identity.keyPEM, at: key)
        #expect(try File.read(cert, limit: 1 << 20) == identity.chainPEM)
        #expect(try mode(key) == 0o600)
    }

    @Test func `what an agent that died left beside its targets is swept, and nothing else`() throws {
        let host = try TestHost()
        try host.scratch.write("out/.certplane-0123", "half a key", mode: 0o600)
        try host.scratch.write("out/.certplane-0123.old", "the old one")
        try host.scratch.write("out/.hidden", "somebody's")
        _ = try Directory.make(host.scratch.path("out/.certplane-directory"), mode: 0o755)
        StagingSweep(tag: "", log: host.log).sweepBeside([
            host.certificate.outputs.key, host.certificate.outputs.cert, host.scratch.path("missing/key.pem"),
        ])
        #expect(try host.outputNames() == [".certplane-directory", ".hidden"])
        #expect(host.capture.lines.count == 2)
    }
}
