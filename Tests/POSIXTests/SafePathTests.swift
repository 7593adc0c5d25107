import Glibc
import POSIX
import TestSupport
import Testing

private let isRoot = ProcessFacts.userID == 0
private let stranger: UserID = 65_534

@Suite struct SafePathTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    private func link(_ name: String, to text: String) {
        #expect(symlink(text, scratch.path(name)) == 0)
    }

    private func directory(_ name: String, mode: FileMode = 0o755, owner: UserID? = nil) throws {
        let made = try Directory.make(scratch.path(name), mode: 0o755)
        try made.descriptor.setOwner(owner, group: nil)
        try made.descriptor.setMode(mode)
    }

    /// The resolved path relative to the scratch directory, with a `+` if there is a file, or what is wrong.
    private func resolve(_ name: String, _ parents: SafePath.MissingParents = .refuse) -> String {
        do {
            let location = try SafePath.resolve(scratch.path(name), missingParents: parents)
            return location.path.replacing(scratch.path + "/", with: "")
                + (location.existing == nil ? "" : "+")
        } catch {
            switch error {
            case .system(let error): return error.errno.name
            case .unsafe(let component, let why):
                return
                    "\(component.replacing(scratch.path + "/", with: "")): \(why.replacing(scratch.path, with: ""))"
            }
        }
    }

    @Test func `plain directories lead to the file or to its place`() throws {
        try scratch.write("a/b/file", "x")
        #expect(resolve("a/b/file") == "a/b/file+")
        #expect(resolve("a/b/new") == "a/b/new")
        #expect(resolve("a/./b//../b/new") == "a/b/new")
        #expect(resolve("a/missing/new") == "ENOENT")
        #expect(resolve("a/b/file/new") == "ENOTDIR")
        #expect(resolve("a/b") == "EISDIR")
        #expect(resolve("a/b/new/") == "EISDIR")
        #expect(resolve("a/b/..") == "EISDIR")
        #expect(resolve("a/b/ne\0w") == "EINVAL")
        #expect(throws: PathError.unsafe(component: "etc/x", why: "is not absolute")) {
            _ = try SafePath.resolve("etc/x")
        }
    }

    @Test func `our own symbolic links are followed, relative, absolute, upwards and dangling`() throws {
        try scratch.write("real/file", "x")
        try directory("deep/er")
        link("deep/er/up", to: "../../real")
        link("absolute", to: scratch.path("real"))
        link("file", to: "absolute/file")
        link("dangling", to: "real/later")
        link("to-directory", to: "real")
        #expect(resolve("deep/er/up/file") == "real/file+")
        #expect(resolve("absolute/new") == "real/new")
        #expect(resolve("file") == "real/file+")
        #expect(resolve("dangling") == "real/later")
        #expect(resolve("to-directory") == "EISDIR")
    }

    @Test(.enabled(if: isRoot))
    func `a mark that combines with the slash before it hides no link`() throws {
        try directory("real/\u{301}x")
        link("linked", to: "real")
        #expect(resolve("linked/\u{301}x/new") == "real/\u{301}x/new")
        #expect(lchown(scratch.path("linked"), stranger, stranger) == 0)
        #expect(
            resolve("linked/\u{301}x/new") == "linked: is a symbolic link that belongs to user \(stranger)")
    }

    @Test func `forty links are followed, the forty-first and a circle are not`() throws {
        link("circle", to: "circle")
        for number in 1...41 { link("link\(number)", to: number == 1 ? "file" : "link\(number - 1)") }
        #expect(resolve("circle") == "ELOOP")
        #expect(resolve("link40") == "file")
        #expect(resolve("link41") == "ELOOP")
    }

    @Test func `something that is no file is never a target`() throws {
        #expect(mkfifo(scratch.path("fifo"), 0o600) == 0)
        let socket = try Socket.listen(path: scratch.path("socket"))
        link("null", to: "/dev/null")
        #expect(resolve("fifo") == "fifo: is not a regular file")
        #expect(resolve("socket") == "socket: is not a regular file")
        #expect(resolve("null") == "/dev/null: is not a regular file")
        _ = consume socket
    }

    @Test func `missing parents are made with exactly the mode asked for`() throws {
        link("link", to: "made/by")
        #expect(resolve("link/the/file", .make(mode: 0o755)) == "made/by/the/file")
        #expect(resolve("link/wide/file", .make(mode: 0o777)) == "made/by/wide/file")
        #expect(try File.status(scratch.path("made/by/the"))?.mode == 0o755)
        #expect(try File.status(scratch.path("made/by/wide"))?.mode == 0o777)
    }

    @Test func `a directory that is swapped for a link afterwards doesn't lead the write elsewhere`() throws {
        try directory("victim")
        try directory("output")
        let location = try SafePath.resolve(scratch.path("output/key"))
        #expect(rename(scratch.path("output"), scratch.path("moved")) == 0)
        link("output", to: "victim")
        let staged = try StagedFile.create(beside: location, mode: 0o600)
        try staged.write([1])
        try staged.commit()
        #expect(try Directory.open(scratch.path("victim")).entries() == [])
        #expect(try Directory.open(scratch.path("moved")).entries() == ["key"])
    }

    @Test func `a link below a directory that others may write to is refused`() throws {
        for (name, mode) in [("group", 0o775), ("world", 0o757)] as [(String, FileMode)] {
            try directory("\(name)/inner", mode: 0o755)
            try directory(name, mode: mode)
            link("\(name)/inner/link", to: scratch.path("file"))
            #expect(
                resolve("\(name)/inner/link")
                    == "\(name)/inner/link: is a symbolic link below /\(name), which is writable by others")
            #expect(resolve("\(name)/inner/file") == "\(name)/inner/file", "no link, no objection")
        }
    }

    @Test(.enabled(if: isRoot)) func `a link that another user owns is refused`() throws {
        link("theirs", to: "/etc")
        #expect(lchown(scratch.path("theirs"), stranger, stranger) == 0)
        #expect(resolve("theirs/file") == "theirs: is a symbolic link that belongs to user 65534")
    }

    @Test(.enabled(if: isRoot)) func `a link of ours below another user's directory is refused`() throws {
        try directory("home", owner: stranger)
        try directory("home/deep")
        link("home/deep/link", to: "/etc")
        #expect(
            resolve("home/deep/link/x")
                == "home/deep/link: is a symbolic link below /home, which belongs to user 65534")
        #expect(resolve("home/deep/x") == "home/deep/x", "no link, no objection")
    }

    @Test(.enabled(if: isRoot))
    func `a link of ours may lead into another user's directory but not on from there`()
        throws
    {
        try directory("home", owner: stranger)
        link("to-home", to: "home")
        link("home/planted", to: "/etc")
        #expect(resolve("to-home/x") == "home/x")
        #expect(
            resolve("to-home/planted/x")
                == "home/planted: is a symbolic link below /home, which belongs to user 65534")
    }

    @Test(.enabled(if: isRoot)) func `leaving another user's directory upwards doesn't restore trust`() throws
    {
        try directory("home", owner: stranger)
        link("link", to: "file")
        #expect(
            resolve("home/../link") == "link: is a symbolic link below /home, which belongs to user 65534")
    }

    @Test(.enabled(if: isRoot)) func `in a sticky directory only entries of ours are trusted`() throws {
        try directory("sticky/ours", mode: 0o755)
        try directory("sticky/theirs", mode: 0o755, owner: stranger)
        try directory("sticky", mode: 0o1777)
        link("sticky/link", to: scratch.path("file"))
        link("sticky/planted", to: scratch.path("file"))
        link("sticky/ours/link", to: scratch.path("file"))
        link("sticky/theirs/link", to: scratch.path("file"))
        #expect(lchown(scratch.path("sticky/planted"), stranger, stranger) == 0)
        #expect(resolve("sticky/link") == "file")
        #expect(resolve("sticky/ours/link") == "file")
        #expect(resolve("sticky/planted") == "sticky/planted: is a symbolic link that belongs to user 65534")
        #expect(
            resolve("sticky/theirs/link")
                == "sticky/theirs/link: is a symbolic link below /sticky/theirs, which belongs to user 65534")
    }

    @Test func `a link that was given a second name is refused`() throws {
        link("root's", to: "/etc")
        #expect(linkat(AT_FDCWD, scratch.path("root's"), AT_FDCWD, scratch.path("planted"), 0) == 0)
        #expect(resolve("planted/x") == "planted: is a symbolic link with a second name")
    }

    private func sway(_ name: String) throws -> String {
        switch try SafePath.resolve(scratch.path(name)).sway {
        case .nobody: "nobody"
        case .user(let user, let isShared, _): "\(user)\(isShared ? ", shared" : "")"
        case .anybody(let because): "anybody: " + because.replacing(scratch.path + "/", with: "")
        }
    }

    @Test(.enabled(if: isRoot)) func `the walk tells who could have made it end elsewhere`() throws {
        let other: UserID = 54_321
        try directory("ours/deep")
        try directory("open", mode: 0o770)
        try directory("open/deep")
        try directory("sticky", mode: 0o1777)
        try directory("sticky/ours")
        try directory("sticky/home", owner: stranger)
        try directory("home", owner: stranger)
        try directory("home/ours")
        try directory("home/his", owner: stranger)
        try directory("home/other", owner: other)
        try directory("loose", mode: 0o775, owner: stranger)
        try directory("loose/his", owner: stranger)
        try directory("loose/other", owner: other)
        link("sticky/link", to: scratch.path("ours/deep"))
        link("sticky/home-link", to: scratch.path("home"))
        let expected = [
            ("ours/deep/x", "nobody"),
            // Its own mode is for whoever asks to judge.
            ("open/x", "nobody"), ("sticky/x", "nobody"), ("loose/x", "65534"),
            ("open/deep/x", "anybody: open is writable by others"),
            ("sticky/ours/x", "nobody"),
            (
                "sticky/home/x",
                "anybody: sticky/home belongs to user 65534, and anybody may have made it in sticky"
            ),
            ("sticky/link/x", "nobody"), ("sticky/home-link/x", "65534"),
            ("home/x", "65534"), ("home/ours/x", "65534"), ("home/his/x", "65534"),
            ("home/other/x", "anybody: home/other belongs to user 54321"),
            ("loose/his/x", "65534, shared"), ("loose/other/x", "anybody: loose/other belongs to user 54321"),
        ]
        for (path, sway) in expected { #expect(try self.sway(path) == sway, "\(path)") }
    }
}
