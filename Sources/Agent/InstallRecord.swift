/// What the journal holds of an install that has been decided: enough to finish it, or to undo it, without anything
/// else.
struct InstallRecord: Codable, Sendable, Hashable {
    static let currentVersion = 1

    struct File: Codable, Sendable, Hashable {
        /// The target, by its directory's resolved path.
        var path: String
        /// The new file's name beside the target.
        var stagedName: String
        /// The old file's second name beside the target, or that of a copy of it; nil when there is none to go back to.
        var oldName: String?
        /// Whether there was an old file: if so, the target is never just removed.
        var hadOld: Bool
        /// The old file had the new one's content, as the chain mostly does: where it lies says nothing.
        var isSame = false
        /// Inode of the target's directory: another one, an empty mount point for example, tells nothing of the files by
        /// what it lacks. Not the device, whose number may be another one after each boot.
        var directory: UInt64?
        /// SHA-256 of the new content, hex: tells the new file from others, whatever its name is by now.
        var sha256: String
        /// Set when the target is a mount of its own, which is written over: both names are those of copies in the
        /// journal's directory then.
        var mounted: Mounted?
    }

    /// For whom the file is, should nothing be mounted there any more.
    struct Mounted: Codable, Sendable, Hashable {
        var user: UInt32
        var group: UInt32
        var mode: UInt32
    }

    /// Whether the files are those of the identity, whose paths these are, as the journal has them.
    func isOfIdentity(at paths: Set<String>) -> Bool {
        isIdentity
            ?? (subject == InstallSubject.identity.text && files.contains { paths.contains($0.path) })
    }

    var version = Self.currentVersion
    /// The certificate's name, or `identity`: for the log.
    var subject: String
    /// It is the machine's identity, and no certificate of that name. Older records don't say.
    var isIdentity: Bool?
    var files: [File]
}
