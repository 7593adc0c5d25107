import FoundationEssentials
import POSIX

/// systemd names the socket to the journal in `JOURNAL_STREAM` as `device:inode` (systemd.exec(5)). The variable is
/// inherited by children whose output goes elsewhere, so it counts only while the stream is that very socket.
enum JournalStream {
    static func receives(_ stream: StandardStream) -> Bool {
        guard let name = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
        return names(name, stream.identity)
    }

    /// Whether `name`, the variable's value, means the file with that device and inode.
    static func names(_ name: String, _ identity: (device: UInt64, inode: UInt64)?) -> Bool {
        guard let identity else { return false }
        return name == "\(identity.device):\(identity.inode)"
    }
}
