import Lifecycle
import POSIX

/// Who will own a new file and who may do what with it: what is configured, else what the replaced file has and may
/// hand on, else the agent's own.
struct FileAccess: Equatable, Sendable {
    var user: UserID
    var group: GroupID
    /// Without the list.
    var mode: FileMode
    /// Whom else the replaced file named.
    var accessList: AccessControlList?

    init(user: UserID, group: GroupID, mode: FileMode, accessList: AccessControlList? = nil) {
        self.user = user
        self.group = group
        self.mode = mode
        self.accessList = accessList
    }

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
    /// Decides for one file.
    static func decide(
        secrecy: Secrecy, configured: Configured, inherited: FileInheritance?, agent: Account
    ) -> FileAccess {
        var access = FileAccess(
            user: configured.user ?? inherited?.owner ?? agent.user,
            group: configured.group ?? inherited?.group ?? agent.group,
            mode: configured.mode ?? inherited?.mode.map { ($0 & secrecy.widest) | 0o400 } ?? secrecy.fresh)
        switch inherited?.grantedList ?? .absent {
        case .list(let list): access.take(list, configured: configured.mode, secrecy)
        case .unknown where configured.mode == nil && secrecy == .secret: access.mode &= ~0o070
        case .unknown, .absent: break
        }
        return access
    }

    /// A configured mode means the list what `chmod` means it, and the owning group besides: nobody in the list may do
    /// more than the group. Else the list is limited as the mode would be.
    private mutating func take(_ list: AccessControlList, configured: FileMode?, _ secrecy: Secrecy) {
        var limited = list.limited(to: configured ?? secrecy.widest)
        if let configured {
            limited[.owner] = configured >> 6 & 7
            limited[.owningGroup] = configured >> 3 & 7
            limited[.mask] = configured >> 3 & 7
            limited[.others] = configured & 7
        } else {
            limited[.owner] = (limited[.owner] ?? 0) | 4
            mode = limited.mode
        }
        accessList = limited
    }
}

extension FileAccess.Secrecy {
    /// What may be inherited: never others at a key, nobody but the owner may write, no odd bits. The owner can always
    /// read.
    fileprivate var widest: FileMode {
        switch self {
        case .secret: 0o640
        case .open: 0o644
        }
    }

    fileprivate var fresh: FileMode {
        switch self {
        case .secret: 0o600
        case .open: 0o644
        }
    }
}
