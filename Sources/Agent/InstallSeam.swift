import POSIX

/// What an install asks of the file system, call by call: the place at which a test lets a call fail.
struct InstallSeam: Sendable {
    enum Call: String, Sendable {
        case resolve, create, write, synchronize, link, rename, overwrite, unlink, synchronizeDirectory,
            listJournal, readJournal, openJournal, closeJournal
    }

    /// Asked before each call; throws in its stead.
    let permit: @Sendable (Call, _ path: String) throws(SystemError) -> Void

    /// Nothing stands between an install and the file system.
    static let none = InstallSeam { (_, _) throws(SystemError) in }

    init(permit: @escaping @Sendable (Call, _ path: String) throws(SystemError) -> Void) {
        self.permit = permit
    }
}
