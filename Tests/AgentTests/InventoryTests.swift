import FoundationEssentials
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct InventoryTests {
    let host: TestHost
    let bundle: IssuedBundle
    let key: SecretBytes

    init() throws {
        host = try TestHost(combined: true)
        (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
    }

    private func look() -> FoundCertificate { Inventory().look(at: host.certificate) }

    private func remove(_ names: String...) throws {
        let out = try Directory.open(host.scratch.path("out"))
        for name in names { try out.unlink(name) }
    }

    @Test func `a whole set is well, with the facts of its leaf`() {
        let found = look()
        #expect(found.installed == bundle.leaf)
        #expect(found.installed?.dnsNames == TestHost.names)
        #expect(found.installed?.keyType == .ecP256)
        #expect(found.key == .matches)
        #expect(found.rebuildable.isEmpty && found.lost.isEmpty)
    }

    @Test func `a missing certificate is missing, whatever else is there`() throws {
        try remove("cert.pem")
        #expect(look().certificate == .missing)
        #expect(look().key == .mismatch)
        try remove("key.pem", "chain.pem", "fullchain.pem", "combined.pem")
        #expect(look() == FoundCertificate(certificate: .missing, key: .missing))
    }

    @Test func `a directory that is missing is a missing certificate`() throws {
        try FileManager.default.removeItem(atPath: host.scratch.path("out"))
        #expect(look() == FoundCertificate(certificate: .missing, key: .missing))
    }

    @Test(arguments: ["", "text", "-----BEGIN CERTIFICATE-----\n"])
    func `what is no certificate is unreadable, with the reason`(content: String) throws {
        try host.scratch.write("out/cert.pem", content)
        guard case .unreadable(let reason) = look().certificate else { throw Missing() }
        #expect(!reason.isEmpty)
    }

    @Test func `a key is missing, unreadable or another's`() throws {
        let other = try PrivateKey.generate(.ecP256).pkcs8PEM().bytes
        try host.scratch.write("out/key.pem", String(decoding: other, as: UTF8.self), mode: 0o600)
        #expect(look().key == .mismatch)
        try host.scratch.write("out/key.pem", "torn", mode: 0o600)
        guard case .unreadable = look().key else { throw Missing() }
        try remove("key.pem")
        #expect(look().key == .missing)
    }

    @Test func `an output can be rebuilt as long as one file holds the intermediates`() throws {
        try remove("chain.pem")
        #expect(look().rebuildable == [.chain])
        try remove("combined.pem")
        #expect(look().rebuildable == [.chain, .combined])
        try remove("fullchain.pem")
        #expect(look().rebuildable == [])
        #expect(look().lost == [.chain, .fullchain, .combined])
    }

    @Test func `an output of another certificate differs and is rebuilt`() throws {
        let other = try host.issued().bundle
        try host.scratch.write("out/fullchain.pem", other.fullchainPEM)
        try host.scratch.write("out/chain.pem", "# empty\n")
        // The stranger's intermediate is ours too, so both can be restored from it.
        #expect(look().rebuildable == [.chain, .fullchain])
        let stranger = try TestAuthority(named: "Stranger").intermediate.certificate.pem
        try host.scratch.write("out/fullchain.pem", bundle.certificatePEM + stranger)
        #expect(look().lost == [.chain, .fullchain, .combined])
    }

    @Test func `a combined file without its key is lost, not rebuilt`() throws {
        try remove("combined.pem", "key.pem")
        #expect(look().lost == [.combined])
        #expect(look().rebuildable == [])
    }

    @Test func `an unchanged file is not read again, a changed one is`() throws {
        let inventory = Inventory()
        let before = inventory.look(at: host.certificate)
        #expect(inventory.look(at: host.certificate) == before)
        let (second, secondKey) = try host.issued()
        _ = try host.installer().install(second, pendingKey: secondKey, for: host.certificate)
        #expect(inventory.look(at: host.certificate).installed == second.leaf)
        let publicKey = try PrivateKey(pem: secondKey).publicKey
        #expect(inventory.installedKeySPKI(of: host.certificate) == publicKey.spkiSHA256)
        try remove("key.pem")
        #expect(inventory.look(at: host.certificate).key == .missing)
        #expect(inventory.installedKeySPKI(of: host.certificate) == nil)
    }

    @Test(arguments: [(Errno.inputOutput, true), (.tooManyOpenFiles, true), (.permissionDenied, false)])
    func `a fault of the machine changes nothing that is known`(errno: Errno, isKept: Bool) throws {
        let inventory = Inventory { path in SystemError("read", path, errno) }
        let before = inventory.look(at: host.certificate)
        try remove("cert.pem")
        #expect((inventory.look(at: host.certificate) == before) == isKept)
    }

    @Test func `another path in the configuration is looked at at once`() throws {
        let inventory = Inventory()
        _ = inventory.look(at: host.certificate)
        var moved = host.certificate
        moved.outputs.cert = host.scratch.path("elsewhere/cert.pem")
        #expect(inventory.look(at: moved).certificate == .missing)
    }
}
