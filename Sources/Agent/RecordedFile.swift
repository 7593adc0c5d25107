import PKI
import POSIX

/// One file of an install's record, as it lies on the disk now.
final class RecordedFile {
    private static let longest = 4 << 20

    /// The new file lies under its staged name; it may be the target as well, by a rename that was being undone.
    let isStaged: Bool
    /// The new content lies under the target's name.
    let isInPlace: Bool
    /// The target's content is not that of the old file.
    let isChanged: Bool
    /// Where the target is now.
    let directory: FileIdentity
    /// A name that only this install has given is there, or its content is: the directory is the one that was meant.
    let isTraced: Bool
    /// What is missing may have never been here: the directory is another one than at the time of the install, or holds
    /// nothing where there was a file even before.
    let isElsewhere: Bool
    private let record: InstallRecord.File
    private let stagingMark: String
    private let location: SafeLocation
    /// Where the staged file and the old one are: beside the target, or for a mounted one beside the journal.
    private let home: Directory

    /// Throws ``Absence`` where the target's directory is missing.
    init(_ record: InstallRecord.File, _ journal: InstallJournal) throws {
        self.record = record
        stagingMark = journal.stagingMark
        location = try Self.resolve(record.path)
        home =
            try record.mounted == nil ? location.directory.duplicate() : journal.openDirectory()
        isStaged = try Self.holds(record.sha256, record.stagedName, home)
        isInPlace = try Self.holds(record.sha256, location.name, location.directory)
        isChanged = isInPlace && !record.isSame
        let place = try location.directory.status()
        directory = FileIdentity(place)
        var hasOld = false
        if let oldName = record.oldName { hasOld = try home.status(oldName)?.kind == .regular }
        isTraced = isChanged || (record.mounted == nil && (isStaged || hasOld))
        let isOther = record.directory.map { $0 != place.inode } ?? false
        let isBare = try record.hadOld && location.directory.status(location.name) == nil
        isElsewhere = record.mounted == nil && !isStaged && !isInPlace && !hasOld && (isOther || isBare)
    }

    private static func resolve(_ path: String) throws -> SafeLocation {
        do { return try SafePath.resolve(path) } catch {
            guard case .system(let error) = error, [.notFound, .notADirectory].contains(error.errno) else {
                throw error
            }
            throw Absence(description: "\(error)")
        }
    }

    /// The target's directory is not there, and with it neither the new file nor the old one.
    struct Absence: Error, CustomStringConvertible {
        let description: String
    }

    /// What is missing of this file is missing with its directory.
    var absence: Absence {
        Absence(
            description: "\(location.directory.path): nothing of the install is there; is its volume mounted?"
        )
    }

    var path: String { location.path }

    var isLost: Bool { !isStaged && !isInPlace }

    /// From the copy, if there is one: what has been written over a mounted file may not have reached the disk.
    func putInPlace() throws(SystemError) {
        if isStaged { try place(record.stagedName) }
    }

    /// The old file gets its place back; a new one where there was none goes. What somebody else has put there since is
    /// his. False when the new file stays, because the old one is not to be had.
    func putBack() throws(SystemError) -> Bool {
        if let oldName = record.oldName, try home.status(oldName)?.kind == .regular {
            let present = try location.directory.status(location.name)
            // A mounted file that is neither new nor old is torn.
            if record.mounted != nil || isInPlace || present == nil { try place(oldName) }
            return true
        }
        guard isInPlace else { return true }
        if record.hadOld { return false }
        try location.directory.unlinkIfPresent(location.name)
        return true
    }

    /// Makes a file of ours the target.
    private func place(_ name: String) throws(SystemError) {
        guard let mounted = record.mounted else {
            try location.directory.rename(name, to: location.name)
            return
        }
        var bytes = try home.openFile(name).readToEnd(limit: Self.longest)
        let content = SecretBytes(wiping: &bytes)
        let access = FileAccess(user: mounted.user, group: mounted.group, mode: mounted.mode)
        if try location.directory.isMountPoint(location.name) {
            let target = try location.directory.openFile(location.name, for: .readWrite)
            // It may be another file than at the time of the install. Whom a list on it names is none of our affair, but
            // a key is never for everybody.
            if var list = try target.accessControlList() {
                let others = list[.others] ?? 0
                if others & ~access.mode != 0 {
                    list[.others] = others & access.mode
                    try target.setAccessControlList(list)
                }
            } else if try !access.isInForce(on: target) {
                _ = try access.apply(to: target, defaultList: .dropped)
            }
            try content.withBytes { (bytes) throws(SystemError) in try target.overwrite(with: bytes) }
        } else {
            // Nothing is mounted there any more: a target like any other.
            let staged = try StagedFile.create(beside: location, tag: stagingMark, mode: 0o600)
            _ = try access.apply(to: staged.descriptor, defaultList: .dropped)
            try content.withBytes { (bytes) throws(SystemError) in try staged.write(bytes) }
            try staged.synchronize()
            try staged.commit()
        }
    }

    /// Name and content of the target are on the disk when this returns.
    func synchronize() throws(SystemError) {
        if record.mounted != nil, try location.directory.status(location.name) != nil {
            try location.directory.openFile(location.name).synchronize()
        }
        try location.directory.synchronize()
    }

    /// Of two names of one file a rename leaves both, so the staged name may still be there. What is no file under such a
    /// name is somebody else's and stays; its path is returned.
    func dropOtherNames() throws(SystemError) -> [String] {
        var left: [String] = []
        for name in [record.stagedName, record.oldName].compactMap(\.self) {
            guard let found = try home.status(name) else { continue }
            if found.kind == .regular {
                try home.unlinkIfPresent(name)
            } else {
                left.append(home.path(of: name))
            }
        }
        return left
    }

    private static func holds(
        _ sha256: String, _ name: String, _ directory: borrowing Directory
    ) throws(SystemError) -> Bool {
        // What somebody put there instead, however large, is not the file: it must not make the install stuck.
        guard let found = try directory.status(name), found.kind == .regular, found.size <= longest else {
            return false
        }
        var bytes = try directory.openFile(name).readToEnd(limit: longest)
        return SecretBytes(wiping: &bytes).withBytes { SHA256.hex($0) } == sha256
    }
}
