import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// What other users of the host, and a broker that means no good, would like the agent to do.
@Suite(.enabled(if: ProcessFacts.userID == 0)) struct HostileSurroundingsTests {
    private let mallory: UserID = 54_321

    @Test func `a file planted where everybody may write gives the key to nobody`() throws {
        let host = try TestHost()
        try host.scratch.write("out/key.pem", "planted", mode: 0o640)
        let out = try Directory.open(host.scratch.path("out"))
        try out.openFile("key.pem").setOwner(mallory, group: mallory)
        try out.descriptor.setMode(0o1777)
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        let installed = try required(out.status("key.pem"))
        #expect((installed.owner, installed.group, installed.mode) == (0, 0, 0o600))
    }

    @Test func `a state directory of another user is refused, and the log says whose it is`() throws {
        let host = try TestHost()
        let planted = try Directory.make(host.scratch.path("state"), mode: 0o700)
        try planted.descriptor.setOwner(mallory, group: mallory)
        #expect(throws: SystemError.self) { try host.stateDirectory() }
        #expect(host.capture.lines.joined().contains("\(mallory)"))
    }

    @Test func `a huge file under a staged name does not make an interrupted install stuck`() throws {
        let host = try TestHost()
        try host.scratch.write("out/.certplane-cert", "planted")
        let out = try Directory.open(host.scratch.path("out"))
        try out.openFile(".certplane-cert", for: .write).truncate(to: 8 << 20)
        let journal = try host.journal()
        let file = InstallRecord.File(
            path: host.scratch.path("out/cert.pem"), stagedName: ".certplane-cert", oldName: nil,
            hadOld: false,
            sha256: String(repeating: "0", count: 64))
        _ = try journal.open(InstallRecord(subject: "web", files: [file]))
        #expect(try InstallRecovery(journal: journal, log: host.log).run() == [.undone(subject: "web")])
        #expect(try out.entries().isEmpty)
    }

    @Test func `cert_pem with a block of another kind beside the certificate is refused`() throws {
        let host = try TestHost()
        let key = try PrivateKey.generate(.ecP256)
        var bundle = try host.bundle(for: key.publicKey)
        bundle.certificatePEM += String(decoding: try key.pkcs8PEM().bytes, as: UTF8.self)
        #expect(throws: RenewalFailure.self) { try host.judge(bundle, pendingKey: key.publicKey) }
    }

    @Test func `a chain that goes round in circles is refused`() throws {
        let host = try TestHost()
        let key = try PrivateKey.generate(.ecP256)
        var bundle = try host.bundle(for: key.publicKey)
        let circle = String(repeating: host.authority.root.certificate.pem, count: 20)
        bundle.chainPEM += circle
        bundle.fullchainPEM += circle
        let failure = #expect(throws: RenewalFailure.self) {
            try host.judge(bundle, pendingKey: key.publicKey)
        }
        #expect(failure?.failureClass == .brokenChain)
    }

    @Test func `a certificate in a megabyte of explanations is refused, since no look would read it`() throws
    {
        let host = try TestHost()
        let key = try PrivateKey.generate(.ecP256)
        var bundle = try host.bundle(for: key.publicKey)
        bundle.certificatePEM = String(repeating: "issued for you\n", count: 1 << 16) + bundle.certificatePEM
        #expect(throws: RenewalFailure.self) { try host.judge(bundle, pendingKey: key.publicKey) }
    }

    @Test func `a leaf for thousands of names is refused in few words`() throws {
        let host = try TestHost()
        let key = try PrivateKey.generate(.ecP256)
        let names = (0..<3000).map { "n\($0).example.org" }
        let bundle = try host.bundle(for: key.publicKey, names: names)
        let failure = try required(
            #expect(throws: RenewalFailure.self) { try host.judge(bundle, pendingKey: key.publicKey) })
        #expect(failure.failureClass == .wrongNames)
        #expect(failure.detail.utf8.count < 5000)
    }
}
