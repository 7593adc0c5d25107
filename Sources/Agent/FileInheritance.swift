import POSIX

/// What a file hands on to the one that takes its place: owner, mode, access control list, attributes.
///
/// A file is evidence only where nobody but trusted hands could have put it there, so that a planted file can't give the
/// key to a third person. A hard link or something that is no regular file hands on nothing. Nor does what lies where
/// others may write, be it in the directory or in one above it, with one exception: a user whose own directory it is
/// may go on owning it, but has nobody besides him inherited, since others may have exchanged his files for one another.
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

    /// How much of it may be handed on.
    enum Extent: Equatable, Sendable {
        case everything
        case owner(because: String)
        case nothing(because: String)
    }

    let status: FileStatus
    var accessList = AccessList.absent
    var attributes: [Attribute] = []
    /// What could not be read of it, in words.
    var shortcomings: [String] = []
    var extent = Extent.everything

    init(status: FileStatus) {
        self.status = status
    }

    /// Nil when there is no file there. `tag` begins the names that this agent stages under.
    init?(
        from location: borrowing SafeLocation, in directory: FileStatus, tag: String,
        agent: FileAccess.Account
    ) {
        guard let seen = location.existing else { return nil }
        do {
            // One open file tells everything, so that nobody can show one now and another then.
            let file = try location.directory.openFile(location.name)
            let status = try file.status()
            self.init(status: status)
            read(file)
        } catch {
            self.init(status: seen)
            accessList = .unknown
            shortcomings = ["access list and attributes of the old file are not kept: \(error)"]
        }
        let own = Self.ownLinks(to: status, in: location.directory, tag)
        // Whoever has the directory may have made more of them since the file was looked at.
        extent = Extent(
            of: status, names: status.links > own ? status.links - own : 0, in: directory,
            under: location.sway, agent: agent)
    }

    /// An install that was cut short may have left second names of the file in its own directory. That they are there says
    /// nothing of how the file came here: nobody else's name of it is among them.
    private static func ownLinks(
        to file: FileStatus, in directory: borrowing Directory, _ tag: String
    ) -> UInt64 {
        guard file.links > 1, !tag.isEmpty, let names = try? directory.entries() else { return 0 }
        let prefix = StagedFile.namePrefix + tag
        return names.reduce(0) { count, name in
            guard name.hasPrefix(prefix), let found = try? directory.status(name), found.isSameFile(as: file)
            else { return count }
            return count + 1
        }
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

extension FileInheritance.Extent {
    /// `names` is how many the file has, but for those that this agent has given it.
    init(
        of file: FileStatus, names: UInt64, in directory: FileStatus, under sway: PathSway,
        agent: FileAccess.Account
    ) {
        if file.kind != .regular {
            self = .nothing(because: "it is not a regular file")
        } else if names != 1 {
            self = .nothing(because: "it has a second name, a hard link, and may be another's")
        } else if agent.user != 0, file.owner != agent.user {
            self = .nothing(because: "it belongs to user \(file.owner), and only root may give a file away")
        } else {
            self.init(placed: file, in: directory, under: sway)
        }
    }

    /// Judges only who could have put the file there.
    init(placed file: FileStatus, in directory: FileStatus, under sway: PathSway) {
        let isOpen = directory.mode & 0o022 != 0
        let whyOpen = "its directory is writable by others"
        switch sway {
        case .anybody(let because): self = .nothing(because: because)
        case .nobody: self = isOpen ? .nothing(because: whyOpen) : .everything
        case .user(let user, let isShared, let because):
            guard directory.owner == user, file.owner == user else {
                self = .nothing(because: because)
                return
            }
            self = isOpen ? .owner(because: whyOpen) : isShared ? .owner(because: because) : .everything
        }
    }
}

// MARK: What is handed on

extension FileInheritance {
    var handsOnEverything: Bool { extent == .everything }

    var owner: UserID? {
        if case .nothing = extent { nil } else { status.owner }
    }

    var group: GroupID? { handsOnEverything ? status.group : nil }

    var mode: FileMode? { handsOnEverything ? status.mode : nil }

    var grantedList: AccessList { handsOnEverything ? accessList : .absent }

    /// What the new file does without although the old one had it, why, and what can be done; nil if it misses nothing.
    func refusal(
        _ access: FileAccess, of secrecy: FileAccess.Secrecy, configured: FileAccess.Configured,
        agent: FileAccess.Account
    ) -> String? {
        let reason: String
        switch extent {
        case .everything: return nil
        case .owner(let because), .nothing(let because): reason = because
        }
        var whole = self
        whole.extent = .everything
        var wish = FileAccess.decide(
            secrecy: secrecy, configured: configured, inherited: whole, agent: agent)
        // A group that may do nothing is nobody's loss.
        if wish.mode & 0o070 == 0 { wish.group = access.group }
        if wish == access { return nil }
        let mode = String(status.mode, radix: 8)
        let old = "user \(status.owner), group \(status.group), mode 0\(mode)"
        let option = secrecy == .secret ? "key_mode" : "cert_mode"
        return "owner and rights of the old file (\(old)) are not handed on: \(reason);"
            + " if a service needs them, set owner, group and \(option) of the certificate"
    }
}
