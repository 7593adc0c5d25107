import CPOSIX
import Glibc

/// The number by which the kernel says why a call failed.
public struct Errno: RawRepresentable, Error, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// What the call that has just failed on this thread left behind. Meaningless after any other call.
    static var last: Errno { Errno(rawValue: errno) }

    public static let notPermitted = Errno(rawValue: EPERM)
    public static let notFound = Errno(rawValue: ENOENT)
    public static let interrupted = Errno(rawValue: EINTR)
    public static let inputOutput = Errno(rawValue: EIO)
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    public static let permissionDenied = Errno(rawValue: EACCES)
    public static let busy = Errno(rawValue: EBUSY)
    public static let exists = Errno(rawValue: EEXIST)
    public static let crossesFileSystems = Errno(rawValue: EXDEV)
    public static let notADirectory = Errno(rawValue: ENOTDIR)
    public static let isADirectory = Errno(rawValue: EISDIR)
    public static let invalid = Errno(rawValue: EINVAL)
    public static let fileTooLarge = Errno(rawValue: EFBIG)
    public static let noSpace = Errno(rawValue: ENOSPC)
    public static let readOnlyFileSystem = Errno(rawValue: EROFS)
    public static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    public static let directoryNotEmpty = Errno(rawValue: ENOTEMPTY)
    public static let tooManyLinks = Errno(rawValue: ELOOP)
    public static let tooManyHardLinks = Errno(rawValue: EMLINK)
    public static let notSupported = Errno(rawValue: ENOTSUP)
    public static let notImplemented = Errno(rawValue: ENOSYS)
    public static let noAttribute = Errno(rawValue: ENODATA)
    public static let addressInUse = Errno(rawValue: EADDRINUSE)
    public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    public static let connectionReset = Errno(rawValue: ECONNRESET)
    public static let brokenPipe = Errno(rawValue: EPIPE)
    public static let noSuchProcess = Errno(rawValue: ESRCH)
    public static let tooManyOpenFiles = Errno(rawValue: EMFILE)
    public static let fileTableFull = Errno(rawValue: ENFILE)
    public static let noMemory = Errno(rawValue: ENOMEM)
    public static let staleHandle = Errno(rawValue: ESTALE)
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
    public static let noSuchAddress = Errno(rawValue: ENXIO)

    /// `ENOENT`; `errno 4711` for a number without a name.
    public var name: String {
        guard let name = unsafe cposix_errno_name(rawValue) else { return "errno \(rawValue)" }
        return unsafe String(cString: name)
    }
}

extension Errno: CustomStringConvertible {
    /// `No such file or directory (ENOENT)`, in English whatever the locale.
    public var description: String {
        guard let text = unsafe cposix_errno_text(rawValue) else { return name }
        return unsafe "\(String(cString: text)) (\(name))"
    }
}
