import POSIX

/// What a file hands on to the one that takes its place: owner, mode, access control list, attributes.
///
/// A file is evidence only where nobody but trusted hands could have put it there. A hard link or something that is no
/// regular file hands on nothing; in a directory of another user only that user may be inherited, and where everybody
/// may write nobody, so that a planted file can't give the key to a third person.
struct FileInheritance: Sendable {
    enum AccessList: Equatable, Sendable {
        case absent
        case list(AccessControlList)
        /// It could not be read, so what the mode says of the group may be the list's mask.
        case unknown
    }

    struct Attribute: Equatable, Sendable {
        let name: String
        let value: [UInt8]
    }

    let status: FileStatus
    var accessList = AccessList.absent
    var attributes: [Attribute] = []
    /// What could not be read of it, in words.
    var shortcomings: [String] = []

    init(status: FileStatus) {
        self.status = status
    }

    /// Nil when there is no file there, or none that may hand on anything.
    init?(
        from location: borrowing SafeLocation, in directory: FileStatus, agent: FileAccess.Account
    ) {
        guard let seen = location.existing else { return nil }
        do {
            // One open file tells everything, so that nobody can show one now and another then.
            let file = try location.directory.openFile(location.name)
            let status = try file.status()
            guard Self.mayHandOn(status, in: directory, agent: agent) else { return nil }
            self.init(status: status)
            read(file)
        } catch {
            guard Self.mayHandOn(seen, in: directory, agent: agent) else { return nil }
            self.init(status: seen)
            accessList = .unknown
            shortcomings = ["access list and attributes of the old file are not kept: \(error)"]
        }
    }

    static func mayHandOn(_ file: FileStatus, in directory: FileStatus, agent: FileAccess.Account) -> Bool {
        guard file.kind == .regular, file.links == 1 else { return false }
        // Only root may give a file away.
        if agent.user != 0, file.owner != agent.user { return false }
        if directory.mode & 0o002 != 0 { return false }
        let directoryIsTrusted = directory.owner == 0 || directory.owner == agent.user
        return directoryIsTrusted || file.owner == directory.owner
    }

    private mutating func read(_ file: borrowing FileDescriptor) {
        do throws(SystemError) {
            accessList = try file.accessControlList().map(AccessList.list) ?? .absent
        } catch {
            accessList = .unknown
            shortcomings.append("the access list of the old file is not kept: \(error)")
        }
        do throws(SystemError) {
            for name in try file.attributeNames() where Self.isKept(name) {
                guard let value = try file.attribute(name) else { continue }
                attributes.append(Attribute(name: name, value: value))
            }
        } catch {
            shortcomings.append("attributes of the old file are not kept: \(error)")
        }
    }

    /// Users' own attributes and security labels; not what vouches for the old content (IMA, EVM), nor what would let
    /// a program do more.
    private static func isKept(_ name: String) -> Bool {
        if name.hasPrefix("user.") { return true }
        return name.hasPrefix("security.")
            && !["security.ima", "security.evm", "security.capability"].contains(name)
    }
}
