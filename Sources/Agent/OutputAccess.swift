import Lifecycle
import POSIX

/// A certificate's configured owner and modes, with the account names looked up.
struct OutputAccess: Sendable {
    /// For files that hold the private key.
    let key: FileAccess.Configured
    /// For files that hold certificates only.
    let open: FileAccess.Configured

    init(_ ownership: FileOwnership) throws(RenewalFailure) {
        do {
            let user = try ownership.owner.map(Self.user(named:))
            let group = try ownership.group.map(Self.group(named:))
            key = FileAccess.Configured(user: user, group: group, mode: ownership.keyMode)
            open = FileAccess.Configured(user: user, group: group, mode: ownership.certMode)
        } catch {
            throw error.failure
        }
    }

    private static func user(named name: String) throws(InstallFault) -> UserID {
        guard let user = try lookUp({ () throws(SystemError) in try Accounts.userID(named: name) }) else {
            throw InstallFault(.unknownUser(name))
        }
        return user
    }

    private static func group(named name: String) throws(InstallFault) -> GroupID {
        guard let group = try lookUp({ () throws(SystemError) in try Accounts.groupID(named: name) }) else {
            throw InstallFault(.unknownGroup(name))
        }
        return group
    }

    private static func lookUp(_ search: () throws(SystemError) -> UInt32?) throws(InstallFault) -> UInt32? {
        do {
            return try search()
        } catch {
            throw InstallFault(error)
        }
    }
}
