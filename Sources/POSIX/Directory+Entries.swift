import CPOSIX
import Glibc

extension Directory {
    public enum Access: Sendable {
        case read, write, readWrite, append
    }

    /// Opens an existing file. A FIFO doesn't hold the caller, a terminal doesn't become the controlling one.
    public func openFile(_ name: String, for access: Access = .read) throws(SystemError) -> FileDescriptor {
        let flags =
            switch access {
            case .read: O_RDONLY
            case .write: O_WRONLY
            case .readWrite: O_RDWR
            case .append: O_WRONLY | O_APPEND
            }
        return try open(name, flags | O_NONBLOCK, mode: 0)
    }

    /// Makes a new file with exactly this mode, whatever the umask, open for reading and writing; `EEXIST` if the
    /// name is taken, by a dangling symbolic link too.
    public func createFile(_ name: String, mode: FileMode) throws(SystemError) -> FileDescriptor {
        // Nobody else can open it before it has the mode that was asked for.
        let file = try open(name, O_RDWR | O_CREAT | O_EXCL, mode: mode & 0o600)
        do {
            try file.setMode(mode)
        } catch {
            // The failure to report is the first one.
            try? unlink(name)
            throw error
        }
        return file
    }

    public func openDirectory(_ name: String) throws(SystemError) -> Directory {
        Directory(owning: try open(name, O_RDONLY | O_DIRECTORY, mode: 0), path: path(of: name))
    }

    /// Makes and opens a directory with exactly these permissions, whatever the umask; opens the one that another process made meanwhile.
    public func makeDirectory(_ name: String, mode: FileMode) throws(SystemError) -> Directory {
        try requireComponent(name, "mkdir")
        switch attempt({ unsafe mkdirat(raw, name, mode) }) {
        case .failure(.exists): return try openDirectory(name)
        case .failure(let errno): throw SystemError("mkdir", path(of: name), errno)
        case .success:
            let made = try openDirectory(name)
            let got = try made.status().mode
            // The umask may have narrowed it; what it inherited of its parent's group stays.
            if got & 0o777 != mode { try made.descriptor.setMode(mode | got & 0o2000) }
            return made
        }
    }

    /// The status of the entry itself; nil if there is none.
    public func status(_ name: String) throws(SystemError) -> FileStatus? {
        try requireComponent(name, "stat")
        return try POSIX.status(name, in: raw, follow: false, path: path(of: name))
    }

    /// Whether something is mounted at the entry itself, a bind-mounted file for example: such an entry can't be
    /// renamed over, only written to. False if there is no entry.
    public func isMountPoint(_ name: String) throws(SystemError) -> Bool {
        try requireComponent(name, "statx")
        switch attempt({ unsafe cposix_is_mount_point(raw, name) }) {
        case .success(let answer): return answer == 1
        case .failure(.notFound): return false
        case .failure(let errno): throw SystemError("statx", path(of: name), errno)
        }
    }

    public func unlink(_ name: String) throws(SystemError) {
        try requireComponent(name, "unlink")
        try system("unlink", path(of: name)) { unsafe unlinkat(raw, name, 0) }
    }

    /// Whether there was one.
    @discardableResult
    public func unlinkIfPresent(_ name: String) throws(SystemError) -> Bool {
        do {
            try unlink(name)
            return true
        } catch {
            if error.errno == .notFound { return false }
            throw error
        }
    }

    public func removeDirectory(_ name: String) throws(SystemError) {
        try requireComponent(name, "rmdir")
        try system("rmdir", path(of: name)) { unsafe unlinkat(raw, name, AT_REMOVEDIR) }
    }

    public enum Replacement: Sendable {
        /// What has the new name is gone afterwards.
        case replace
        /// `EEXIST` if something has the new name.
        case refuse
        /// Both names must exist, and change places in one step.
        case exchange
    }

    /// Gives an entry of this directory the name `newName` in `destination`, in one step.
    public func rename(
        _ name: String, to newName: String, in destination: borrowing Directory, onto: Replacement = .replace
    ) throws(SystemError) {
        try requireComponent(name, "rename")
        try requireComponent(newName, "rename")
        let (from, to) = (raw, destination.raw)
        try system("rename", destination.path(of: newName)) {
            switch onto {
            case .replace: unsafe renameat(from, name, to, newName)
            case .refuse: unsafe cposix_rename_without_replacing(from, name, to, newName)
            case .exchange: unsafe cposix_rename_exchanging(from, name, to, newName)
            }
        }
    }

    /// Gives an entry of this directory another name in it, in one step.
    public func rename(_ name: String, to newName: String, onto: Replacement = .replace) throws(SystemError) {
        try rename(name, to: newName, in: self, onto: onto)
    }

    /// Gives a file a second name; `EEXIST` if that is taken.
    public func link(_ name: String, to newName: String, in destination: borrowing Directory)
        throws(SystemError)
    {
        try requireComponent(name, "link")
        try requireComponent(newName, "link")
        let (from, to) = (raw, destination.raw)
        try system("link", destination.path(of: newName)) { unsafe linkat(from, name, to, newName, 0) }
    }

    /// Gives a file a second name in this directory; `EEXIST` if that is taken.
    public func link(_ name: String, to newName: String) throws(SystemError) {
        try link(name, to: newName, in: self)
    }

    private func open(_ name: String, _ flags: Int32, mode: FileMode) throws(SystemError) -> FileDescriptor {
        try requireComponent(name, "open")
        let path = path(of: name)
        let descriptor = try system("open", path) {
            unsafe cposix_open_at(raw, name, flags | O_NOFOLLOW, mode)
        }
        return FileDescriptor(owning: descriptor, path: path)
    }

    /// Refuses what would lead out of this directory.
    private func requireComponent(_ name: String, _ operation: String) throws(SystemError) {
        let leadsOut = name.isEmpty || name == "." || name == ".."
        if leadsOut || name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) {
            throw SystemError(operation, path(of: name), .invalid)
        }
    }
}
