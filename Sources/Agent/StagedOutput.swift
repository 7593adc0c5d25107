import PKI
import POSIX

/// An output that is renamed over its target: its staged file beside it, and the old file under a second name.
final class StagedOutput: OutputInTransit {
    let warnings: [String]
    private let location: SafeLocation
    private var staged: StagedFile?
    private let stagedName: String
    private let secondName: String
    private let sha256: String
    /// Of the new file: tells whether it is the target.
    private let identity: FileIdentity
    private let directoryInode: UInt64
    /// The staged file lies under its name again, and no longer removes itself.
    private var hasStagedName = false
    private var hasSecondName = false
    private var isSame = false
    private let size: Int
    /// It was tried to put it in place. A call that fails may have done its work.
    private var isMoved = false
    private let seam: InstallSeam

    /// Decides owner, mode and access list, and writes the content, on the disk when this returns.
    init(
        _ file: OutputFile, at target: consuming SafeLocation, store: InstallJournal,
        agent: FileAccess.Account, seam: InstallSeam
    ) throws(SystemError) {
        self.seam = seam
        let directory = try target.directory.status()
        let inherited = FileInheritance(from: target, in: directory, tag: store.stagingTag, agent: agent)
        let access = FileAccess.decide(
            secrecy: file.secrecy, configured: file.access, inherited: inherited, agent: agent)
        try seam.permit(.create, target.path)
        let made = try StagedFile.create(beside: target, tag: store.stagingMark, mode: 0o600)
        identity = FileIdentity(try made.descriptor.status())
        directoryInode = directory.inode
        // First of all: once the file is given away, some of them are the new owner's to set.
        let unkept = inherited?.handOn(to: made.descriptor) ?? []
        let reservations = try access.apply(
            to: made.descriptor,
            defaultList: FileAccess.defaultList(
                replacing: target.existing, in: directory, under: target.sway))
        let refusal = inherited?.refusal(access, of: file.secrecy, configured: file.access, agent: agent)
        let path = target.path
        warnings = ([refusal].compactMap(\.self) + unkept + reservations).map { "\(path): \($0)" }
        stagedName = made.name
        secondName = made.name + ".old"
        (sha256, size) = file.contents.withBytes { (SHA256.hex($0), $0.count) }
        try seam.permit(.write, path)
        try file.contents.withBytes { (bytes) throws(SystemError) in try made.write(bytes) }
        try seam.permit(.synchronize, path)
        try made.synchronize()
        staged = consume made
        location = target
    }

    var path: String { location.path }

    var record: InstallRecord.File {
        InstallRecord.File(
            path: path, stagedName: stagedName, oldName: hasSecondName ? secondName : nil,
            hadOld: location.existing != nil, isSame: isSame, directory: directoryInode, sha256: sha256)
    }

    func target() throws(SystemError) -> InstallTarget {
        InstallTarget(directory: FileIdentity(try location.directory.status()), name: location.name)
    }

    func keepOld() throws(SystemError) {
        guard let existing = location.existing else { return }
        isSame = existing.size == Int64(size) && holdsTheSame()
        do {
            try seam.permit(.link, path)
            try location.directory.link(location.name, to: secondName)
            hasSecondName = true
        } catch {
            if error.errno == .notFound { return }
            guard Self.isRefusal(error) else { throw error }
            try copyOld()
        }
    }

    private func holdsTheSame() -> Bool {
        guard
            var bytes = try? location.directory.openFile(location.name).readToEnd(
                limit: CertificateFiles.longest)
        else { return false }
        return SecretBytes(wiping: &bytes).withBytes { SHA256.hex($0) } == sha256
    }

    /// There is no second name to be had: on a file system without hard links, of somebody else's file
    /// (protected_hardlinks in proc_sys_fs(5)), or in a directory whose project quota is not the file's.
    private static func isRefusal(_ error: SystemError) -> Bool {
        [.notPermitted, .notSupported, .notImplemented, .crossesFileSystems, .tooManyHardLinks]
            .contains(error.errno)
    }

    /// A copy of the old file is as good a way back as a second name. What this process may not read has none: it can
    /// only be replaced.
    ///
    /// Content, owner and mode are those of one open file: whoever has the directory may have exchanged its files for one
    /// another since the target was looked at, and an open file's mode must not go to a key's copy.
    private func copyOld() throws(SystemError) {
        let bytes: SecretBytes
        let status: FileStatus
        let hasList: Bool
        do {
            let old = try location.directory.openFile(location.name)
            status = try old.status()
            hasList = (try? old.accessControlList() == nil) != true
            var read = try old.readToEnd(limit: CertificateFiles.longest)
            bytes = SecretBytes(wiping: &read)
        } catch {
            guard [.notPermitted, .permissionDenied, .notFound].contains(error.errno) else { throw error }
            return
        }
        let copy = try location.directory.createFile(secondName, mode: 0o600)
        hasSecondName = true
        do {
            try copy.setOwner(status.owner, group: status.group)
            // With an access list the group's bits are its mask, and say nothing of the group.
            try copy.setMode(status.mode & (hasList ? 0o700 : 0o777))
        } catch {
            // Without its owner it is for nobody else.
            guard error.errno == .notPermitted else { throw error }
        }
        try bytes.withBytes { (bytes) throws(SystemError) in try copy.writeAll(bytes) }
        try copy.synchronize()
    }

    func putInPlace() throws(SystemError) {
        try seam.permit(.rename, path)
        isMoved = true
        // What can't be put there stays staged: a recovery will want it.
        try staged?.putInPlace()
    }

    private func isInPlace() throws(SystemError) -> Bool {
        guard isMoved, let present = try location.directory.status(location.name) else { return false }
        return FileIdentity(present) == identity
    }

    /// At no moment is the target missing that was there.
    func putBack() throws(SystemError) {
        guard try isInPlace() else { return }
        if hasSecondName {
            do {
                try seam.permit(.link, path)
                try location.directory.link(location.name, to: stagedName)
                hasStagedName = true
            } catch {
                // Without it a crash means going back: the old files are all there.
                guard Self.isRefusal(error) else { throw error }
            }
            try seam.permit(.rename, path)
            try location.directory.rename(secondName, to: location.name)
            hasSecondName = false
        } else if location.existing == nil {
            try seam.permit(.rename, path)
            try location.directory.rename(location.name, to: stagedName)
            hasStagedName = true
        } else {
            throw SystemError("rename", path, .notSupported)
        }
    }

    func dropOtherNames() throws(SystemError) {
        staged = nil
        if hasStagedName {
            try seam.permit(.unlink, path)
            try location.directory.unlinkIfPresent(stagedName)
            hasStagedName = false
        }
        guard hasSecondName else { return }
        try seam.permit(.unlink, path)
        try location.directory.unlinkIfPresent(secondName)
        hasSecondName = false
    }

    func leave() {
        if let staged = staged.take() { staged.leave() }
    }

    /// Names and change are the directory's.
    func placeToSynchronize(_ step: Lasting) throws(SystemError) -> FileIdentity {
        FileIdentity(try location.directory.status())
    }

    func synchronize(_ step: Lasting) throws(SystemError) {
        try seam.permit(.synchronizeDirectory, location.directory.path)
        try location.directory.synchronize()
    }
}
