import POSIX

/// One output of an install on its way to its target. However it gets there, the steps are those of
/// ``InstallTransaction``, which calls them in their order.
protocol OutputInTransit: AnyObject {
    /// The target's path, with every symbolic link resolved.
    var path: String { get }
    /// What the journal has to know.
    var record: InstallRecord.File { get }
    /// What is odd about owner, mode or attributes without being a failure.
    var warnings: [String] { get }

    func target() throws(SystemError) -> InstallTarget

    /// Makes a way back, which has to be on the disk before anything is changed.
    func keepOld() throws(SystemError)
    /// Makes the target the new file.
    func putInPlace() throws(SystemError)
    /// Undoes `putInPlace`. The new file stays under its staged name where the file system has hard links: until the
    /// journal is closed a crash means going forward after all.
    func putBack() throws(SystemError)
    /// Removes every name but the target's own.
    func dropOtherNames() throws(SystemError)
    /// Leaves every name as it is, for a recovery.
    func leave()

    /// What has to be synchronized, so that it is done once for all outputs that share it.
    func placeToSynchronize(_ step: Lasting) throws(SystemError) -> FileIdentity
    func synchronize(_ step: Lasting) throws(SystemError)
}

/// What is made to last.
enum Lasting {
    /// The names that the journal will speak of.
    case names
    /// What was put in place, or back.
    case change
}

/// A file or directory, by whatever path it was reached.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
    }
}

/// What two outputs must not share.
struct InstallTarget: Hashable, Sendable {
    let directory: FileIdentity
    let name: String
}
