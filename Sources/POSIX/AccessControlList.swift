/// Who may do what with a file, one by one: a POSIX access control list (acl(5)).
///
/// A file that has one shows the mask where its mode has the group's bits, so the mode alone tells more than is so
/// about the group, and nothing about the others in the list.
public struct AccessControlList: Hashable, Sendable {
    public enum Holder: Hashable, Sendable {
        case owner, owningGroup, others
        case user(UserID), group(GroupID)
        /// The most that users and groups in the list, and the owning group, may do.
        case mask
    }

    public struct Entry: Hashable, Sendable {
        public var holder: Holder
        /// 4 read, 2 write, 1 execute.
        public var permissions: FileMode

        public init(_ holder: Holder, _ permissions: FileMode) {
            self.holder = holder
            self.permissions = permissions
        }
    }

    /// In the order that the kernel wants: owner, users, owning group, groups, mask, others.
    public private(set) var entries: [Entry]

    public init(_ entries: [Entry]) {
        self.entries = entries
    }

    public subscript(holder: Holder) -> FileMode? {
        get { entries.first { $0.holder == holder }?.permissions }
        set {
            guard let index = entries.firstIndex(where: { $0.holder == holder }), let newValue else { return }
            entries[index].permissions = newValue
        }
    }

    /// Says no more than a mode can.
    public var isMinimal: Bool { entries.count <= 3 }

    /// What is left for owner, owning group and others if the list goes.
    public var mode: FileMode {
        let group = (self[.owningGroup] ?? 0) & (self[.mask] ?? 7)
        return (self[.owner] ?? 0) << 6 | group << 3 | (self[.others] ?? 0)
    }

    /// The list in which nobody may do more than `mode` allows his class: owner, group (to which everybody else in the
    /// list belongs) or others.
    public func limited(to mode: FileMode) -> AccessControlList {
        AccessControlList(
            entries.map { entry in
                let allowed =
                    switch entry.holder {
                    case .owner: mode >> 6
                    case .others: mode
                    case .owningGroup, .user, .group, .mask: mode >> 3
                    }
                return Entry(entry.holder, entry.permissions & allowed & 7)
            })
    }
}

/// As `system.posix_acl_access` holds it: a version, then entries of tag, permissions and id, little-endian (the kernel's
/// `posix_acl_xattr.h`).
extension AccessControlList {
    private static let version: UInt32 = 2
    private static let nobody = UInt32.max

    init?(attribute bytes: [UInt8]) {
        guard bytes.count >= 4, (bytes.count - 4) % 8 == 0, Self.number(bytes[0..<4]) == Self.version else {
            return nil
        }
        var entries: [Entry] = []
        for start in stride(from: 4, to: bytes.count, by: 8) {
            let id = Self.number(bytes[start + 4..<start + 8])
            let holder: Holder
            switch Self.number(bytes[start..<start + 2]) {
            case 0x01: holder = .owner
            case 0x02: holder = .user(id)
            case 0x04: holder = .owningGroup
            case 0x08: holder = .group(id)
            case 0x10: holder = .mask
            case 0x20: holder = .others
            default: return nil
            }
            entries.append(Entry(holder, Self.number(bytes[start + 2..<start + 4]) & 7))
        }
        self.entries = entries
    }

    var attribute: [UInt8] {
        var bytes = Self.bytes(Self.version, 4)
        for entry in entries {
            let (tag, id): (UInt32, UInt32) =
                switch entry.holder {
                case .owner: (0x01, Self.nobody)
                case .user(let id): (0x02, id)
                case .owningGroup: (0x04, Self.nobody)
                case .group(let id): (0x08, id)
                case .mask: (0x10, Self.nobody)
                case .others: (0x20, Self.nobody)
                }
            bytes += Self.bytes(tag, 2) + Self.bytes(entry.permissions, 2) + Self.bytes(id, 4)
        }
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func bytes(_ number: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
    }
}

extension FileDescriptor {
    private static let aclAttribute = "system.posix_acl_access"

    /// Nil if the file has none, which is when its mode says everything; `EINVAL` if it is none that can be understood.
    public func accessControlList() throws(SystemError) -> AccessControlList? {
        guard let bytes = try attribute(Self.aclAttribute) else { return nil }
        guard let list = AccessControlList(attribute: bytes) else {
            throw SystemError("getxattr", path, .invalid)
        }
        return list.isMinimal ? nil : list
    }

    /// Sets the permissions of the mode along with it.
    public func setAccessControlList(_ list: AccessControlList) throws(SystemError) {
        try setAttribute(Self.aclAttribute, to: list.attribute)
    }

    /// Afterwards the mode says everything. One that comes from the directory's default list goes as well.
    public func removeAccessControlList() throws(SystemError) {
        try removeAttribute(Self.aclAttribute)
    }
}
