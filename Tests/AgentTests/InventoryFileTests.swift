import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct InventoryFileTests {
    let host: TestHost

    init() throws {
        host = try TestHost(combined: true)
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
    }

    /// Looks when the outputs are old enough to be believed.
    private func later(_ memories: [CertificateName: SetMemory] = [:]) -> Inventory {
        Inventory(remembering: memories, clock: { Clock.wall().sinceEpoch + 2 * SetMemory.tick })
    }

    private func store() throws -> InventoryStore {
        InventoryStore(directory: try host.stateDirectory(), log: host.log)
    }

    /// What a process remembers that has looked once.
    private func remembered() throws -> [CertificateName: SetMemory] {
        let inventory = later()
        _ = inventory.look(at: host.certificate)
        #expect(inventory.hasNews)
        return inventory.takeNews()
    }

    @Test func `what was read is the same after a restart`() throws {
        let memories = try remembered()
        try store().store(memories)
        #expect(try store().load() == memories)
        #expect(memories[host.certificate.name]?.facts == Inventory().look(at: host.certificate).installed)
        let path = host.scratch.path("state/inventory")
        #expect(try required(File.status(path)).mode == 0o600)
        #expect(host.capture.lines.isEmpty)
    }

    @Test func `what is remembered is not read again`() throws {
        var memories = try remembered()
        let facts = try required(memories[host.certificate.name]?.facts)
        // Nothing that lies on the disk: it can only have been remembered.
        var invented = facts
        invented.issuer = "CN=Nobody"
        let fingerprint = try required(memories[host.certificate.name]).fingerprint
        memories[host.certificate.name] = SetMemory(remembered: fingerprint, invented)
        #expect(later(memories).look(at: host.certificate).installed == invented)
    }

    @Test(arguments: ["key.pem", "cert.pem", "chain.pem", "fullchain.pem", "combined.pem"])
    func `a file that has changed since is read`(name: String) throws {
        let memories = try remembered()
        let path = host.scratch.path("out/\(name)")
        let content = try File.read(path, limit: 1 << 20)
        // Of the same length, in the same inode.
        let file = try Directory.open(host.scratch.path("out")).openFile(name, for: .readWrite)
        try file.overwrite(with: [UInt8](repeating: 0x20, count: content.count).span)
        #expect(later(memories).look(at: host.certificate) == Inventory().look(at: host.certificate))
        #expect(
            later(memories).look(at: host.certificate) != memories[host.certificate.name]?.found)
    }

    @Test func `what is too young to be believed is read again, and not remembered`() throws {
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        let inventory = Inventory()
        #expect(inventory.look(at: host.certificate).installed == bundle.leaf)
        #expect(inventory.takeNews()[host.certificate.name]?.isSettled == false)
        #expect(try InventoryFile.decode(InventoryFile.encode(inventory.takeNews())).isEmpty)
        // The same tick of the file system's clock, the same size: only the content is another one.
        let memory = try required(inventory.takeNews()[host.certificate.name])
        let young = SetMemory(memory.fingerprint, memory.found, keySPKI: nil, lookedAt: .max)
        let racy = SetMemory(
            memory.fingerprint, memory.found, keySPKI: nil, lookedAt: memory.fingerprint.newestChange)
        #expect(young.isSettled && !racy.isSettled)
    }

    @Test func `a set that is not in order is looked at anew by the next process`() throws {
        try Directory.open(host.scratch.path("out")).unlink("chain.pem")
        let inventory = later()
        #expect(inventory.look(at: host.certificate).rebuildable == [.chain])
        #expect(try InventoryFile.decode(InventoryFile.encode(inventory.takeNews())).isEmpty)
    }

    @Test func `no byte of a private key is in the file`() throws {
        let bytes = InventoryFile.encode(try remembered())
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("PRIVATE KEY"))
        let pem = try File.read(host.certificate.outputs.key, limit: 1 << 16)
        let lines = String(decoding: pem, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-") }
        #expect(!lines.isEmpty)
        for line in lines { #expect(!text.contains(line)) }
    }

    @Test func `a damaged file is told of and forgotten, whichever byte it is`() throws {
        let whole = InventoryFile.encode(try remembered())
        for place in stride(from: 0, to: whole.count, by: 7) {
            var bytes = whole
            bytes[place] ^= 0x10
            #expect(throws: InventoryFile.Damage.self) { try InventoryFile.decode(bytes) }
        }
        for length in stride(from: 0, to: whole.count, by: 11) {
            #expect(throws: InventoryFile.Damage.self) {
                try InventoryFile.decode(Array(whole.prefix(length)))
            }
        }
        try host.scratch.write("state/inventory", "torn", mode: 0o600)
        #expect(try store().load().isEmpty)
        #expect(host.capture.lines.count { $0.contains("remembered inventory is of no use") } == 1)
    }

    @Test func `a file of a later version is left alone, whatever it says`() throws {
        let bytes = Array("certplane-inventory 2 whatever comes\n".utf8) + [1, 2, 3]
        #expect(throws: InventoryFile.Damage.version("2")) { try InventoryFile.decode(bytes) }
    }

    @Test func `a content that lies about its lengths is refused`() throws {
        let name = [UInt8](repeating: 0xff, count: 8) + Array("web".utf8)
        let bytes = Array("certplane-inventory 1 \(SHA256.hex(name))\n".utf8) + name
        #expect(throws: InventoryFile.Damage.content) { try InventoryFile.decode(bytes) }
    }

    @Test func `a certificate that is managed no more is forgotten`() throws {
        let inventory = later(try remembered())
        #expect(!inventory.hasNews)
        inventory.adopt([host.certificate], insteadOf: [host.certificate])
        #expect(!inventory.hasNews)
        inventory.adopt([], insteadOf: [host.certificate])
        #expect(inventory.hasNews && inventory.takeNews().isEmpty)
    }

    @Test func `an output that the configuration has got since the last process is made`() throws {
        var before = host.certificate
        before.outputs.combined = nil
        let inventory = later()
        _ = inventory.look(at: before)
        let memories = try InventoryFile.decode(InventoryFile.encode(inventory.takeNews()))
        #expect(memories[before.name] != nil)
        var after = host.certificate
        after.outputs.combined = host.scratch.path("out/new.pem")
        #expect(later(memories).look(at: after).rebuildable == [.combined])
        #expect(inventory.look(at: after).rebuildable == [.combined])
    }

    @Test func `what was read at other paths says nothing of files that can't be read`() throws {
        let unreadable = SystemError("read", nil, .inputOutput)
        let inventory = Inventory(remembering: try remembered(), faultOf: { _ in unreadable })
        var moved = host.certificate
        moved.outputs.cert = host.scratch.path("out/elsewhere.pem")
        #expect(inventory.look(at: moved).installed != nil, "the same certificate's, for all it knows")
        inventory.adopt([moved], insteadOf: [host.certificate])
        #expect(inventory.look(at: moved).installed == nil)
    }
}
