import CPOSIX
import Glibc

/// A lock between processes that dies with its holder (flock). The file holds the holder's process number, for the
/// message only: a file that a dead process left is locked like any other. It is never removed, since another process
/// could be waiting on it.
public struct FileLock: ~Copyable, Sendable {
    public enum Failure: Error, Hashable, Sendable {
        /// By the process that the file names, if it names one.
        case held(by: Int32?)
        case system(SystemError)
    }

    private let file: FileDescriptor
    /// A directory that is locked too.
    private let guarded: FileDescriptor?

    /// Takes the lock or says at once who has it.
    public static func acquire(_ path: String) throws(Failure) -> FileLock {
        try acquire(path, guarding: nil)
    }

    /// Takes the lock of that name in a directory, and one on `guarded` besides: who takes the file for a stale one and
    /// removes it frees nothing by that.
    public static func acquire(
        _ name: String, in directory: borrowing Directory, guarding guarded: borrowing Directory
    ) throws(Failure) -> FileLock {
        let path = directory.path(of: name)
        let place = try describe(guarded)
        // A file system may lock files only; then the file has to do.
        if attempt({ flock(place.rawValue, LOCK_EX | LOCK_NB) }) == .failure(.wouldBlock) {
            throw .held(by: holder(at: path))
        }
        return try acquire(path, guarding: place)
    }

    private static func acquire(
        _ path: String, guarding place: consuming FileDescriptor?
    ) throws(Failure) -> FileLock {
        let file = try open(path)
        switch attempt({ flock(file.rawValue, LOCK_EX | LOCK_NB) }) {
        case .success: break
        case .failure(.wouldBlock): throw .held(by: holder(in: file))
        case .failure(let errno): throw .system(SystemError("flock", path, errno))
        }
        // The number only adorns a message: a full disk must keep nobody from what is put in order under the lock.
        try? file.truncate()
        try? file.writeAll(Array("\(getpid())\n".utf8))
        return FileLock(file: file, guarded: place)
    }

    /// An open directory of its own: duplicates share their locks.
    private static func describe(_ directory: borrowing Directory) throws(Failure) -> FileDescriptor {
        let (raw, path) = (directory.raw, directory.path)
        do {
            let descriptor = try system("open", path) {
                unsafe cposix_open_at(raw, ".", O_RDONLY | O_DIRECTORY, 0)
            }
            return FileDescriptor(owning: descriptor, path: path)
        } catch {
            throw .system(error)
        }
    }

    private static func open(_ path: String) throws(Failure) -> FileDescriptor {
        do {
            try requireNoZero(path, "open")
            let descriptor = try system("open", path) {
                unsafe cposix_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
            }
            return FileDescriptor(owning: descriptor, path: path)
        } catch {
            throw .system(error)
        }
    }

    private static func holder(at path: String) -> Int32? {
        // It may have gone.
        guard let file = try? File.open(path) else { return nil }
        return holder(in: file)
    }

    private static func holder(in file: borrowing FileDescriptor) -> Int32? {
        // The number only adorns a message.
        guard let content = try? file.read(upTo: 32) else { return nil }
        return Int32(String(decoding: content.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }
}

extension FileLock.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .held(let process?): "locked by process \(process)"
        case .held(nil): "locked by another process"
        case .system(let error): error.description
        }
    }
}
