import CPOSIX
import Glibc

public typealias UserID = UInt32
public typealias GroupID = UInt32
/// Permission bits, `0o644`, with the sticky, set-user-id and set-group-id bits.
public typealias FileMode = UInt32

/// What the kernel knows about a file, at one moment.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case regular, directory, symbolicLink, socket, fifo, characterDevice, blockDevice, unknown
    }

    public let kind: Kind
    public let device: UInt64
    public let inode: UInt64
    /// How many names the file has.
    public let links: UInt64
    public let size: Int64
    public let owner: UserID
    public let group: GroupID
    public let mode: FileMode
    /// Nanoseconds since 1970: when the content was last written.
    public let modified: Int64
    /// Nanoseconds since 1970: when content, owner, mode or links last changed; cannot be set back by a program.
    public let changed: Int64

    init(_ found: cposix_status) {
        kind =
            switch found.mode & 0o170000 {
            case 0o100000: .regular
            case 0o040000: .directory
            case 0o120000: .symbolicLink
            case 0o140000: .socket
            case 0o010000: .fifo
            case 0o020000: .characterDevice
            case 0o060000: .blockDevice
            default: .unknown
            }
        device = found.device
        inode = found.inode
        links = found.links
        size = found.size
        owner = found.owner
        group = found.group
        mode = found.mode & 0o7777
        modified = found.modified_seconds &* 1_000_000_000 &+ found.modified_nanoseconds
        changed = found.changed_seconds &* 1_000_000_000 &+ found.changed_nanoseconds
    }

    /// Whether both describe one file, by whatever names they were reached.
    public func isSameFile(as other: FileStatus) -> Bool {
        device == other.device && inode == other.inode
    }
}

/// The status of `name` in the open directory `directory`, or of a path if that is `AT_FDCWD`; nil if it is missing.
func status(_ name: String, in directory: Int32, follow: Bool, path: @autoclosure () -> String)
    throws(SystemError) -> FileStatus?
{
    var found = cposix_status()
    switch attempt({ unsafe cposix_status_at(directory, name, follow, &found) }) {
    case .success: return FileStatus(found)
    case .failure(.notFound): return nil
    case .failure(let errno): throw SystemError("stat", path(), errno)
    }
}
