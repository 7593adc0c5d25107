import CPOSIX
import Glibc

/// Files by path, for what needs no care about who may have changed the path: reading, and looking.
public enum File {
    /// The content of a regular file, reached by following symbolic links; `EFBIG` above `limit` bytes, `EINVAL` for
    /// anything that isn't a regular file (reading a FIFO could take for ever).
    public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        try open(path).readToEnd(limit: limit)
    }

    /// Opens a regular file for reading, as `read` does.
    public static func open(_ path: String) throws(SystemError) -> FileDescriptor {
        try requireNoZero(path, "open")
        let descriptor = try system("open", path) {
            unsafe cposix_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0)
        }
        let file = FileDescriptor(owning: descriptor, path: path)
        switch try file.status().kind {
        case .regular: return file
        case .directory: throw SystemError("read", path, .isADirectory)
        default: throw SystemError("read", path, .invalid)
        }
    }

    /// The status of what the path leads to, by following symbolic links; nil if it is missing.
    public static func status(_ path: String) throws(SystemError) -> FileStatus? {
        try requireNoZero(path, "stat")
        return try POSIX.status(path, in: AT_FDCWD, follow: true, path: path)
    }

    /// The status of the last component itself, a symbolic link included; nil if it is missing.
    public static func statusOfEntry(_ path: String) throws(SystemError) -> FileStatus? {
        try requireNoZero(path, "stat")
        return try POSIX.status(path, in: AT_FDCWD, follow: false, path: path)
    }

    /// Removes a name that isn't a directory's.
    public static func remove(_ path: String) throws(SystemError) {
        try requireNoZero(path, "unlink")
        try system("unlink", path) { unsafe Glibc.unlink(path) }
    }
}
