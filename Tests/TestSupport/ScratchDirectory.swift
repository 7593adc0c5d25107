import FoundationEssentials
public import POSIX

/// A directory of one test's own, mode 0700, removed with everything in it when the test lets it go.
public final class ScratchDirectory: Sendable {
    public let path: String

    public init() throws {
        let parent = Environment["TMPDIR"] ?? "/tmp"
        path = "\(parent)/certplane-test-\(UUID().uuidString.prefix(13))"
        _ = try Directory.make(path, mode: 0o700)
    }

    deinit { remove() }

    /// Removes it now: for whoever can't wait until the last holder lets it go.
    public func remove() {
        // Nothing depends on it: what stays lies in the directory for temporary files.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file or directory in it.
    public func path(_ relative: String) -> String { "\(path)/\(relative)" }

    public func open() throws -> Directory { try Directory.open(path) }

    /// Makes a file, and its parents, and says its path.
    @discardableResult
    public func write(_ relative: String, _ content: String, mode: FileMode = 0o644) throws -> String {
        let path = path(relative)
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let parent = try Directory.make(String(path[..<slash]), mode: 0o755)
        let name = String(path[path.index(after: slash)...])
        try parent.unlinkIfPresent(name)
        try parent.createFile(name, mode: mode).writeAll(Array(content.utf8))
        return path
    }

    public func read(_ relative: String) throws -> String {
        String(decoding: try File.read(path(relative), limit: 1 << 24), as: UTF8.self)
    }
}
