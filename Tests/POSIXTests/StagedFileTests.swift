import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct StagedFileTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    @Test func `it has its mode before it has content, whatever the umask`() throws {
        let staged = try StagedFile.create(in: scratch.open(), replacing: "key", mode: 0o666)
        let status = try staged.descriptor.status()
        #expect(status.mode == 0o666 && status.size == 0)
    }

    @Test(.enabled(if: ProcessFacts.userID == 0)) func `it has its owner and group before it has content`()
        throws
    {
        let staged = try StagedFile.create(
            in: scratch.open(), replacing: "key", mode: 0o6640, owner: 65_534, group: 100)
        let status = try staged.descriptor.status()
        #expect(status.owner == 65_534 && status.group == 100 && status.size == 0)
        #expect(status.mode == 0o6640, "the change of owner comes first, it would clear bits")
    }

    @Test func `the target is untouched until the commit, and replaced by it`() throws {
        try scratch.write("key", "old")
        let staged = try StagedFile.create(in: scratch.open(), replacing: "key", mode: 0o600)
        try staged.write(Array("new".utf8))
        try staged.synchronize()
        #expect(try scratch.read("key") == "old")
        #expect(staged.name.hasPrefix(".certplane-"))
        #expect(try scratch.read(staged.name) == "new")
        try staged.commit()
        #expect(try scratch.read("key") == "new")
        #expect(try scratch.open().entries() == ["key"])
    }

    @Test func `one that is let go leaves nothing behind, one that is left stays`() throws {
        _ = try StagedFile.create(in: scratch.open(), replacing: "key", mode: 0o600)
        #expect(try scratch.open().entries() == [])
        let staged = try StagedFile.create(in: scratch.open(), replacing: "key", mode: 0o600)
        let name = staged.name
        staged.leave()
        #expect(try scratch.open().entries() == [name])
    }

    @Test func `a commit that fails removes the staged file and says why`() throws {
        _ = try Directory.make(scratch.path("key/full"), mode: 0o755)
        let staged = try StagedFile.create(in: scratch.open(), replacing: "key", mode: 0o600)
        do throws(SystemError) {
            try staged.commit()
            Issue.record("a directory was replaced by a file")
        } catch {
            #expect(error == SystemError("rename", scratch.path("key"), .isADirectory))
        }
        #expect(try scratch.open().entries() == ["key"])
    }

    @Test func `a replaced file is new as a whole, so a reader of the old one goes on reading that`() throws {
        try scratch.write("state", "old")
        let reader = try File.open(scratch.path("state"))
        try AtomicFile.replace(inDirectory: scratch.path, name: "state", with: Array("new".utf8), mode: 0o600)
        #expect(try reader.readToEnd(limit: 10) == Array("old".utf8))
        #expect(try scratch.read("state") == "new")
        #expect(try File.status(scratch.path("state"))?.mode == 0o600)
    }

    @Test func `a link under the target's name is replaced, not followed`() throws {
        try scratch.write("victim", "untouched")
        #expect(symlink("victim", scratch.path("state")) == 0)
        try AtomicFile.replace(inDirectory: scratch.path, name: "state", with: [1], mode: 0o600)
        #expect(try scratch.read("victim") == "untouched")
        #expect(try File.statusOfEntry(scratch.path("state"))?.kind == .regular)
    }
}
