import CPOSIX
import Glibc

extension Socket {
    /// Listens on a Unix socket, without blocking. It is bound in a directory that only this user can enter, gets
    /// owner, group and mode there, and is moved to its path only then: nobody can connect before. A socket that a
    /// dead process left is replaced, and the one of this process that is named `predecessor`; `EADDRINUSE` if another
    /// living one answers there, `EEXIST` if it is no socket.
    public static func listen(
        path: String, mode: FileMode = 0o600, group: GroupID? = nil, insteadOf predecessor: FileStatus? = nil,
        backlog: Int32 = 128
    ) throws(SystemError) -> Socket {
        try requireNoZero(path, "listen")
        // It could be bound here, but nobody could name it to connect.
        if path.utf8.count > Self.longestPath { throw SystemError("bind", path, .nameTooLong) }
        guard let (parentPath, name) = path.splitAtLastSlash else {
            throw SystemError("listen", path, .invalid)
        }
        let parent = try Directory.open(parentPath.isEmpty ? "/" : parentPath)
        try refuseLiving(name, in: parent, but: predecessor)

        let nurseryName = try StagedFile.namePrefix + randomHex(bytes: 4)
        let nursery = try parent.makeDirectory(nurseryName, mode: 0o700)
        defer {
            // What stays is swept by its prefix.
            _ = try? nursery.unlinkIfPresent("s")
            try? parent.removeDirectory(nurseryName)
        }
        // By its descriptor: its path may be longer than an address holds, and may lead elsewhere by now.
        let bound = "/proc/self/fd/\(nursery.raw)/s"
        let raw = try system("bind", path) { unsafe cposix_bind_unix(bound, bound.utf8.count) }
        let socket = Socket(owning: FileDescriptor(owning: raw, path: path))
        // A socket has its mode and owner by its name; on the descriptor they do nothing.
        if let group {
            try system("chown", path) { unsafe fchownat(nursery.raw, "s", .max, group, AT_SYMLINK_NOFOLLOW) }
        }
        try system("chmod", path) { unsafe fchmodat(nursery.raw, "s", mode, 0) }
        try system("listen", path) { Glibc.listen(raw, backlog) }
        try nursery.rename("s", to: name, in: parent)
        return socket
    }

    /// Bytes of the longest path that a Unix socket's address holds, without its terminator (unix(7)).
    public static var longestPath: Int { 107 }

    private static func refuseLiving(
        _ name: String, in parent: borrowing Directory, but predecessor: FileStatus?
    ) throws(SystemError) {
        guard let existing = try parent.status(name) else { return }
        if let predecessor, existing.kind == .socket, existing.isSameFile(as: predecessor) { return }
        let path = parent.path(of: name)
        guard existing.kind == .socket else { throw SystemError("listen", path, .exists) }
        // Without blocking: who lives but doesn't accept would hold the caller for ever.
        switch attempt({ unsafe cposix_connect_unix(path, path.utf8.count, false) }) {
        case .failure(.connectionRefused), .failure(.notFound): return
        case .failure(let errno) where errno != .wouldBlock: throw SystemError("connect", path, errno)
        case .success(let raw):
            _ = FileDescriptor(owning: raw)
            throw SystemError("listen", path, .addressInUse)
        case .failure: throw SystemError("listen", path, .addressInUse)
        }
    }
}
