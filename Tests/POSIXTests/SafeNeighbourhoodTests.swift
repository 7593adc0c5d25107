import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct SafeNeighbourhoodTests {
    private let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
        for name in ["a/one", "a/two", "b/one"] { try scratch.write(name, name) }
    }

    /// Every path resolved after another one is what it is by itself.
    @Test(arguments: [
        "a/one", "a/two", "a/none", "a/link", "a/dangling", "b/one", "linked/one", "a/sub/x", "a/../b/one",
        "a/.", "a/", "a//one", "none/x",
    ])
    func `a path leads where it leads alone, whatever was resolved before`(second: String) throws {
        _ = try Directory.make(scratch.path("a/sub"), mode: 0o755)
        #expect(symlink("../b/one", scratch.path("a/link")) == 0)
        #expect(symlink("nowhere", scratch.path("a/dangling")) == 0)
        #expect(symlink("b", scratch.path("linked")) == 0)
        for first in ["a/one", "a/link", "linked/one", "a/none"] {
            var paths = SafeNeighbourhood()
            _ = try paths.resolve(scratch.path(first))
            #expect(
                answer { try paths.resolve(scratch.path(second)) }
                    == answer { try SafePath.resolve(scratch.path(second)) })
        }
    }

    @Test func `two spellings of one letter are two directories`() throws {
        let (composed, decomposed) = ("\u{e9}", "e\u{301}")
        try scratch.write("\(composed)/one", "")
        try scratch.write("\(decomposed)/two", "")
        var paths = SafeNeighbourhood()
        _ = try paths.resolve(scratch.path("\(composed)/one"))
        #expect(try paths.resolve(scratch.path("\(decomposed)/two")).existing != nil)
    }

    private func answer(_ resolve: () throws -> SafeLocation) -> String {
        do {
            let location = try resolve()
            return "\(location.path) \(location.existing?.inode ?? 0) \(location.sway)"
        } catch {
            return "\(error)"
        }
    }
}
