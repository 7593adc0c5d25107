import CPOSIX
import Glibc

/// The one owner of an open descriptor; it is closed when the owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The kernel's number, for calls of other libraries. Valid for as long as this owner lives; never to be closed.
    public let rawValue: Int32
    /// What the descriptor was opened as, for messages.
    public let path: String?

    /// Takes over a descriptor that nothing else will close.
    public init(owning rawValue: Int32, path: String? = nil) {
        self.rawValue = rawValue
        self.path = path
    }

    deinit {
        _ = Glibc.close(rawValue)
    }

    /// A second descriptor of the same open file.
    public func duplicate() throws(SystemError) -> FileDescriptor {
        let copy = try system("dup", path) { cposix_duplicate(rawValue) }
        return FileDescriptor(owning: copy, path: path)
    }

    public func status() throws(SystemError) -> FileStatus {
        var found = cposix_status()
        try system("fstat", path) { unsafe cposix_status(rawValue, &found) }
        return FileStatus(found)
    }

    /// Changes what is given and leaves the other as it is.
    public func setOwner(_ owner: UserID?, group: GroupID?) throws(SystemError) {
        try system("fchown", path) { fchown(rawValue, owner ?? .max, group ?? .max) }
    }

    public func setMode(_ mode: FileMode) throws(SystemError) {
        try system("fchmod", path) { fchmod(rawValue, mode) }
    }

    public func truncate(to size: Int64 = 0) throws(SystemError) {
        try system("ftruncate", path) { ftruncate(rawValue, off_t(size)) }
    }

    /// Makes sure that `size` bytes can be written without running out of space, where the file system can promise
    /// that; content and size stay as they are.
    public func reserve(_ size: Int) throws(SystemError) {
        do {
            try system("fallocate", path) { cposix_reserve(rawValue, Int64(size)) }
        } catch  where [.notSupported, .notImplemented].contains(error.errno) {
            return
        }
    }

    /// Moves the place of the next read or write, counted from the beginning.
    public func seek(to offset: Int64) throws(SystemError) {
        try system("lseek", path) { lseek(rawValue, off_t(offset), SEEK_SET) }
    }

    /// Returns when content and metadata are on the disk.
    public func synchronize() throws(SystemError) {
        try system("fsync", path) { fsync(rawValue) }
    }

    public func setBlocking(_ blocking: Bool) throws(SystemError) {
        try system("fcntl", path) { cposix_set_blocking(rawValue, blocking) }
    }
}
