import CPOSIX
import Glibc

/// A new file beside the one it will replace, under a name that begins with `.certplane-`. Until `commit` nothing of
/// it is visible under the target's name; a staged file that is let go is removed.
public struct StagedFile: ~Copyable, Sendable {
    public static let namePrefix = ".certplane-"

    /// The name it has while it is staged.
    public let name: String
    public let targetName: String
    public let directory: Directory
    public let descriptor: FileDescriptor
    private var isOurs = true

    /// Makes the file: nobody but this process's user can open it before it has its owner and mode, and no content
    /// can be written before that. Its name tells by `tag` whose it is.
    public static func create(
        in directory: borrowing Directory, replacing targetName: String, tag: String = "", mode: FileMode,
        owner: UserID? = nil, group: GroupID? = nil
    ) throws(SystemError) -> StagedFile {
        let name = try Self.namePrefix + tag + randomHex(bytes: 8)
        let held = try directory.duplicate()
        let isGivenAway = owner != nil || group != nil
        let staged = StagedFile(
            name: name, targetName: targetName, directory: held,
            descriptor: try directory.createFile(name, mode: isGivenAway ? 0o600 : mode))
        if isGivenAway {
            try staged.descriptor.setOwner(owner, group: group)
            // After the owner, whose change clears bits of the mode.
            try staged.descriptor.setMode(mode)
        }
        return staged
    }

    public static func create(
        beside location: borrowing SafeLocation, tag: String = "", mode: FileMode, owner: UserID? = nil,
        group: GroupID? = nil
    ) throws(SystemError) -> StagedFile {
        try create(
            in: location.directory, replacing: location.name, tag: tag, mode: mode, owner: owner, group: group
        )
    }

    private init(
        name: String, targetName: String, directory: consuming Directory, descriptor: consuming FileDescriptor
    ) {
        self.name = name
        self.targetName = targetName
        self.directory = directory
        self.descriptor = descriptor
    }

    deinit {
        // Nobody is left to tell; what stays is swept by its prefix.
        if isOurs { try? directory.unlink(name) }
    }

    public func write(_ bytes: [UInt8]) throws(SystemError) {
        try descriptor.writeAll(bytes)
    }

    public func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try descriptor.writeAll(bytes)
    }

    /// Returns when the content is on the disk, which it must be before `commit`: else a power loss can leave an
    /// empty file under the target's name.
    public func synchronize() throws(SystemError) {
        try descriptor.synchronize()
    }

    /// Puts the file in the target's place, in one step. The directory has yet to be synchronized.
    public consuming func commit() throws(SystemError) { try putInPlace() }

    /// The same; what can't be put there stays staged.
    public mutating func putInPlace() throws(SystemError) {
        try directory.rename(name, to: targetName)
        isOurs = false
    }

    /// Leaves the staged file where it is, for whoever knows its name.
    public consuming func leave() {
        isOurs = false
    }
}

/// Random bits from the kernel as lower-case hexadecimal digits: names that nobody can guess, and tokens.
public func randomHex(bytes count: Int) throws(SystemError) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    try system("getentropy") { unsafe getentropy(&bytes, count) }
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
