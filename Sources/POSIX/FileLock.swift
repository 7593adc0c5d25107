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

    /// Takes the lock or says at once who has it.
    public static func acquire(_ path: String) throws(Failure) -> FileLock {
        let file = try open(path)
        switch attempt({ flock(file.rawValue, LOCK_EX | LOCK_NB) }) {
        case .success: break
        case .failure(.wouldBlock): throw .held(by: holder(in: file))
        case .failure(let errno): throw .system(SystemError("flock", path, errno))
        }
        // The number only adorns a message: a full disk must keep nobody from what is put in order under the lock.
        try? file.truncate()
        try? file.writeAll(Array("\(getpid())\n".utf8))
        return FileLock(file: file)
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
