import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct DirectoryTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    private func errno(_ body: () throws(SystemError) -> Void) -> Errno? {
        do {
            try body()
            return nil
        } catch {
            return error.errno
        }
    }

    @Test(arguments: ["", ".", "..", "a/b", "/etc", "a\0b"])
    func `a name that would lead out of the directory is refused by every call`(_ name: String) throws {
        let directory = try scratch.open()
        #expect(errno { () throws(SystemError) in _ = try directory.openFile(name) } == .invalid)
        #expect(
            errno { () throws(SystemError) in _ = try directory.createFile(name, mode: 0o600) } == .invalid)
        #expect(
            errno { () throws(SystemError) in _ = try directory.makeDirectory(name, mode: 0o700) } == .invalid
        )
        #expect(errno { () throws(SystemError) in _ = try directory.status(name) } == .invalid)
        #expect(errno { () throws(SystemError) in try directory.unlink(name) } == .invalid)
        #expect(errno { () throws(SystemError) in try directory.rename("x", to: name) } == .invalid)
        #expect(errno { () throws(SystemError) in try directory.link(name, to: "x") } == .invalid)
    }

    @Test func `a link is neither opened nor created through`() throws {
        let directory = try scratch.open()
        #expect(symlink("missing", scratch.path("link")) == 0)
        #expect(errno { () throws(SystemError) in _ = try directory.openFile("link") } == .tooManyLinks)
        #expect(
            errno { () throws(SystemError) in _ = try directory.createFile("link", mode: 0o600) } == .exists)
        #expect(try directory.status("link")?.kind == .symbolicLink)
        #expect(try directory.status("missing") == nil)
    }

    @Test func `a FIFO doesn't hold who opens or reads it`() throws {
        #expect(mkfifo(scratch.path("fifo"), 0o600) == 0)
        _ = try scratch.open().openFile("fifo")
        #expect(throws: SystemError("read", scratch.path("fifo"), .invalid)) {
            _ = try File.read(scratch.path("fifo"), limit: 10)
        }
        #expect(throws: SystemError("read", scratch.path, .isADirectory)) {
            _ = try File.read(scratch.path, limit: 10)
        }
    }

    @Test func `a file at the limit is read, one byte more is refused`() throws {
        let path = try scratch.write("file", "12345")
        #expect(try File.read(path, limit: 5) == Array("12345".utf8))
        #expect(try File.read(path, limit: .max) == Array("12345".utf8))
        #expect(throws: SystemError("read", path, .fileTooLarge)) { _ = try File.read(path, limit: 4) }
    }

    @Test func `renaming replaces, refuses or exchanges as asked`() throws {
        try scratch.write("a", "A")
        try scratch.write("b", "B")
        let directory = try scratch.open()
        #expect(
            errno { () throws(SystemError) in try directory.rename("a", to: "b", onto: .refuse) } == .exists)
        try directory.rename("a", to: "b", onto: .exchange)
        #expect(try scratch.read("a") == "B" && scratch.read("b") == "A")
        try directory.rename("a", to: "b")
        #expect(try scratch.read("b") == "B" && directory.entries() == ["b"])
    }

    @Test func `a link is a second name of the same file`() throws {
        try scratch.write("a", "A")
        let directory = try scratch.open()
        try directory.link("a", to: "b")
        let (first, second) = try (directory.status("a"), directory.status("b"))
        #expect(first?.links == 2)
        #expect(try #require(first).isSameFile(as: #require(second)))
        #expect(errno { () throws(SystemError) in try directory.link("a", to: "b") } == .exists)
        #expect(try directory.unlinkIfPresent("a"))
        #expect(try !directory.unlinkIfPresent("a"))
    }

    @Test func `missing parents are made with the mode, existing ones are left`() throws {
        _ = try Directory.make(scratch.path("a/b//c/"), mode: 0o750)
        #expect(try File.status(scratch.path("a"))?.mode == 0o750)
        #expect(try File.status(scratch.path("a/b/c"))?.mode == 0o750)
        _ = try Directory.make(scratch.path("a/b"), mode: 0o700)
        #expect(try File.status(scratch.path("a/b"))?.mode == 0o750)
    }

    @Test func `a directory inherits the group of its parent where that is wished`() throws {
        let parent = try Directory.make(scratch.path("parent"), mode: 0o755)
        try parent.descriptor.setMode(0o2755)
        #expect(try parent.makeDirectory("child", mode: 0o777).status().mode == 0o2777)
    }

    @Test func `entries can be listed twice`() throws {
        for name in ["b", "a", ".hidden"] { try scratch.write(name, "") }
        let directory = try scratch.open()
        #expect(try directory.entries() == [".hidden", "a", "b"])
        #expect(try directory.entries() == [".hidden", "a", "b"])
    }

    @Test func `a descriptor writes, seeks, truncates and knows its file`() throws {
        let file = try scratch.open().createFile("file", mode: 0o640)
        try file.writeAll([UInt8](repeating: 7, count: 100_000))
        try file.truncate(to: 3)
        try file.seek(to: 1)
        #expect(try file.readToEnd(limit: 10) == [7, 7])
        try file.synchronize()
        let status = try file.status()
        #expect(status.kind == .regular && status.size == 3 && status.mode == 0o640 && status.links == 1)
        #expect(abs(status.modified / 1_000_000_000 - Clock.wall().seconds) < 60)
    }

    @Test func `errors are said in words and by name`() {
        #expect(
            SystemError("open", "/etc/x", .permissionDenied).description
                == "open /etc/x: Permission denied (EACCES)")
        #expect(Errno(rawValue: 4_711).description == "errno 4711")
    }
}
