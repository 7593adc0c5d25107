import POSIX

/// systemd names the socket to the journal in `JOURNAL_STREAM` as `device:inode` (systemd.exec(5)). The
/// variable is inherited by children whose output goes elsewhere, so it counts only while the stream is that
/// very socket.
enum JournalStream {
    static func receives(_ stream: StandardStream) -> Bool {
        guard let name = Environment["JOURNAL_STREAM"] else { return false }
        // A stream that can't be looked at isn't the journal's.
        guard let status = try? stream.status() else { return false }
        return names(name, device: status.device, inode: status.inode)
    }

    /// Whether `name`, the variable's value, means the file with that device and inode.
    static func names(_ name: String, device: UInt64, inode: UInt64) -> Bool {
        name == "\(device):\(inode)"
    }
}
