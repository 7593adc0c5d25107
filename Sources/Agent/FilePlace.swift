import POSIX

/// Where a file lies or will lie, however its path is written: paths that meet through links, or through a directory that
/// is mounted twice, lead to the same place.
struct FilePlace: Hashable, Sendable {
    /// The deepest directory on the way that exists.
    private let directory: FileIdentity?
    /// The way from there.
    private let rest: String

    /// A path whose directories can't be looked at is its own place.
    init(_ path: String) {
        var directories: [String: FileIdentity] = [:]
        self.init(path, knowing: &directories)
    }

    /// Each directory is looked at once.
    init(_ path: String, knowing directories: inout [String: FileIdentity]) {
        // A link is followed to the file that an install would change.
        if (try? File.statusOfEntry(path))??.kind == .symbolicLink,
            let location = try? SafePath.resolve(path),
            let status = try? location.directory.status()
        {
            self.init(directory: FileIdentity(status), rest: "/" + location.name)
            return
        }
        var split = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        while let end = split, end > path.startIndex {
            let parent = String(path[..<end])
            if let identity = directories[parent] ?? Self.identity(of: parent) {
                directories[parent] = identity
                self.init(directory: identity, rest: String(path[end...]))
                return
            }
            split = path[..<end].utf8.lastIndex(of: UInt8(ascii: "/"))
        }
        self.init(directory: nil, rest: path)
    }

    private init(directory: FileIdentity?, rest: String) {
        self.directory = directory
        self.rest = rest
    }

    private static func identity(of path: String) -> FileIdentity? {
        // Of what can't be looked at nothing is known.
        guard let status = try? File.status(path), status.kind == .directory else { return nil }
        return FileIdentity(status)
    }

    /// The path itself, without a look at what is there.
    static func written(_ path: String) -> FilePlace { FilePlace(directory: nil, rest: path) }

    /// The places of all these paths; of each the path itself as well: a directory that is made in the meantime moves the
    /// place, not the path.
    static func all(of paths: some Sequence<String>) -> Set<FilePlace> {
        var directories: [String: FileIdentity] = [:]
        var places: Set<FilePlace> = []
        for path in paths {
            places.insert(written(path))
            places.insert(FilePlace(path, knowing: &directories))
        }
        return places
    }
}
