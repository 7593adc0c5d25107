import CPOSIX
import Glibc

/// Why an output path can't be used.
public enum PathError: Error, Hashable, Sendable {
    case system(SystemError)
    /// Another user could lead the path elsewhere, or the target isn't a file. `component` is the path up to and with
    /// the offending name.
    case unsafe(component: String, why: String)
}

extension PathError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let error): error.description
        case .unsafe(let component, let why): "\(component): \(why)"
        }
    }
}

/// Where a file is, or will be, written: a held directory and a name in it, so that nothing that happens to the path
/// afterwards can lead the write elsewhere.
public struct SafeLocation: ~Copyable, Sendable {
    public let directory: Directory
    public let name: String
    /// The regular file that has the name now.
    public let existing: FileStatus?
    /// Over the directory.
    public let sway: PathSway

    /// The path with every symbolic link resolved.
    public var path: String { directory.path(of: name) }
}

/// Resolves absolute output paths component by component, trusting nothing that another user could change.
///
/// A symbolic link is followed only when it and every directory walked before it are *ours*: owned by root or by this
/// process's user, and not writable by anyone else. A directory that others may write to but that has the sticky bit
/// (`/tmp`) counts as ours if its owner does: there only the owner of an entry can rename or remove it, and since
/// every next entry must itself be owned by root or by us, nobody else can put another in its place. Two ways remain
/// to plant an entry of root's in such a directory: a hard link to one of root's symbolic links, which is why a link
/// with a second name is refused, and moving one there out of a directory of one's own, which takes root to have made
/// the link in a stranger's directory.
///
/// Without symbolic links a directory of another user is no obstacle: whoever owns it decides what is in it, and the
/// walk can't be led out of it.
public enum SafePath {
    public enum MissingParents: Sendable {
        case refuse
        /// Make them, with exactly this mode.
        case make(mode: FileMode)
    }

    public static func resolve(
        _ path: String, missingParents: MissingParents = .refuse
    ) throws(PathError) -> SafeLocation {
        do {
            try requireNoZero(path, "open")
        } catch {
            throw .system(error)
        }
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw .unsafe(component: path, why: "is not absolute")
        }
        if path.utf8.last == UInt8(ascii: "/") { throw .system(SystemError("open", path, .isADirectory)) }
        var walk = try PathWalk.fromRoot(missingParents: missingParents)
        walk.prepend(path)
        return try walk.finish()
    }
}
