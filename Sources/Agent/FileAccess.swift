import Lifecycle
import POSIX

/// Who will own a new file and with which mode: what is configured, else what the replaced file has and may
/// hand on, else the agent's own.
///
/// A file's owner and mode are evidence only where nobody but trusted hands could have put that file there. A
/// hard link or something that is no regular file hands on nothing; in a directory of another user only that
/// user may be inherited, and where everybody may write nobody, so that a planted file can't give the key to a
/// third person.
struct FileAccess: Equatable, Sendable {
    var user: UserID
    var group: GroupID
    var mode: FileMode

    /// What a file may be for, as far as its mode is concerned.
    enum Secrecy: Sendable {
        /// Holds a private key.
        case secret
        /// Holds certificates only.
        case open
    }

    /// The configured part: user and group already looked up.
    struct Configured: Equatable, Sendable {
        var user: UserID?
        var group: GroupID?
        var mode: FileMode?

        init(user: UserID? = nil, group: GroupID? = nil, mode: FileMode? = nil) {
            self.user = user
            self.group = group
            self.mode = mode
        }
    }

    /// The account that the agent runs as.
    struct Account: Equatable, Sendable {
        static var current: Account { Account(user: ProcessFacts.userID, group: ProcessFacts.groupID) }

        var user: UserID
        var group: GroupID

        init(user: UserID, group: GroupID) {
            self.user = user
            self.group = group
        }
    }
}

extension FileAccess {
    /// Decides for one file. `replaced` is the file that is there now, `directory` the one it lies in.
    static func decide(
        secrecy: Secrecy, configured: Configured, replaced: FileStatus?, directory: FileStatus, agent: Account
    ) -> FileAccess {
        let inherited = replaced.flatMap { file in
            mayHandOn(file, in: directory, agent: agent) ? file : nil
        }
        return FileAccess(
            user: configured.user ?? inherited?.owner ?? agent.user,
            group: configured.group ?? inherited?.group ?? agent.group,
            mode: configured.mode ?? inherited.map { inheritable($0.mode, secrecy) } ?? fresh(secrecy))
    }

    private static func mayHandOn(_ file: FileStatus, in directory: FileStatus, agent: Account) -> Bool {
        guard file.kind == .regular, file.links == 1 else { return false }
        // Only root may give a file away.
        if agent.user != 0, file.owner != agent.user { return false }
        if directory.mode & 0o002 != 0 { return false }
        let directoryIsTrusted = directory.owner == 0 || directory.owner == agent.user
        return directoryIsTrusted || file.owner == directory.owner
    }

    /// An inherited mode never lets others at a key, nor anybody but the owner write, nor carries odd bits;
    /// and the owner can always read.
    private static func inheritable(_ mode: FileMode, _ secrecy: Secrecy) -> FileMode {
        switch secrecy {
        case .secret: (mode & 0o640) | 0o400
        case .open: (mode & 0o644) | 0o400
        }
    }

    private static func fresh(_ secrecy: Secrecy) -> FileMode {
        switch secrecy {
        case .secret: 0o600
        case .open: 0o644
        }
    }
}
