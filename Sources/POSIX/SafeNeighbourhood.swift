/// Resolves paths as ``SafePath`` does, and walks only once to a directory in which several of them lie.
public struct SafeNeighbourhood: ~Copyable {
    /// The directory of the path before: its own text led to it, by no link. Whatever else has that text in front is
    /// reached through it.
    private var directory: Directory?
    private var sway = PathSway.nobody

    public init() {}

    public mutating func resolve(_ path: String) throws(PathError) -> SafeLocation {
        if let location = try neighbour(path) { return location }
        let location = try SafePath.resolve(path)
        sway = location.sway
        directory = location.path.isSamePath(as: path) ? try? location.directory.duplicate() : nil
        return location
    }

    /// Nil for what has to be walked to: another directory's, or what is more than a file.
    private func neighbour(_ path: String) throws(PathError) -> SafeLocation? {
        guard directory != nil, path.utf8.last != UInt8(ascii: "/"),
            let (parent, name) = Directory.split(path), name != ".", name != ".."
        else { return nil }
        do throws(SystemError) {
            guard let held = try directory.duplicate(ifAt: parent) else { return nil }
            let found = try held.status(name)
            guard found == nil || found?.kind == .regular else { return nil }
            return SafeLocation(directory: held, name: name, existing: found, sway: sway)
        } catch {
            throw .system(error)
        }
    }
}

extension Optional where Wrapped == Directory {
    fileprivate borrowing func duplicate(ifAt path: String) throws(SystemError) -> Directory? {
        switch self {
        case .some(let directory): directory.path.isSamePath(as: path) ? try directory.duplicate() : nil
        case .none: nil
        }
    }
}
