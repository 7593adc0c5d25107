import PKI
import POSIX

/// One output on its way: its staged file beside its target, and the old file under a second name.
final class StagedOutput {
    private let location: SafeLocation
    private var staged: StagedFile?
    private let stagedName: String
    private let secondName: String
    private let sha256: String
    /// The staged file lies under its name again, and no longer removes itself.
    private var hasStagedName = false
    private var hasSecondName = false
    private(set) var isInPlace = false
    private let seam: InstallSeam

    /// Reaches the target's directory, decides owner and mode, and writes the content, on the disk when this
    /// returns. Missing directories on the way are made.
    init(_ file: OutputFile, agent: FileAccess.Account, seam: InstallSeam) throws(PathError) {
        self.seam = seam
        try Self.system { () throws(SystemError) in try seam.permit(.resolve, file.path) }
        location = try SafePath.resolve(file.path, missingParents: .make(mode: 0o755))
        do {
            let access = FileAccess.decide(
                secrecy: file.secrecy, configured: file.access, replaced: location.existing,
                directory: try location.directory.status(), agent: agent)
            try seam.permit(.create, location.path)
            let made = try StagedFile.create(
                beside: location, mode: access.mode, owner: access.user == agent.user ? nil : access.user,
                group: access.group)
            stagedName = made.name
            secondName = made.name + ".old"
            sha256 = file.contents.withBytes { SHA256.hex($0) }
            try seam.permit(.write, location.path)
            try file.contents.withBytes { (bytes) throws(SystemError) in try made.write(bytes) }
            try seam.permit(.synchronize, location.path)
            try made.synchronize()
            staged = consume made
        } catch {
            throw .system(error)
        }
    }

    var path: String { location.path }

    /// What the journal has to know.
    var record: InstallRecord.File {
        InstallRecord.File(
            path: path, stagedName: stagedName, oldName: hasSecondName ? secondName : nil, sha256: sha256)
    }

    /// Whether both would take the place of one and the same file.
    func hasTarget(of other: StagedOutput) throws(SystemError) -> Bool {
        guard location.name == other.location.name else { return false }
        return try location.directory.status().isSameFile(as: other.location.directory.status())
    }

    /// Gives the old file a second name, by which it can be put back. On a file system without hard links
    /// there is none, and no way back either.
    func keepOld() throws(SystemError) {
        guard location.existing != nil else { return }
        try seam.permit(.link, path)
        do {
            try location.directory.link(location.name, to: secondName)
            hasSecondName = true
        } catch {
            switch error.errno {
            case .notFound, .notPermitted, .notSupported: break
            default: throw error
            }
        }
    }

    func putInPlace() throws(SystemError) {
        guard let staged = staged.take() else { return }
        do {
            try seam.permit(.rename, path)
        } catch {
            self.staged = consume staged
            throw error
        }
        try staged.commit()
        isInPlace = true
    }

    /// Undoes `putInPlace`; afterwards the old file has its name again, or the name is free again. The new file keeps
    /// its staged name: until the journal is closed a crash means going forward after all. At no moment is the
    /// target missing that was there.
    func putBack() throws(SystemError) {
        guard isInPlace else { return }
        if hasSecondName {
            try seam.permit(.link, path)
            try location.directory.link(location.name, to: stagedName)
            hasStagedName = true
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
        isInPlace = false
    }

    /// Removes every name but the target's own.
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

    /// Leaves every name as it is, for a recovery.
    func leave() {
        if let staged = staged.take() { staged.leave() }
    }

    func synchronizeDirectory() throws(SystemError) {
        try seam.permit(.synchronizeDirectory, location.directory.path)
        try location.directory.synchronize()
    }

    /// Names the directory, however it was reached.
    func directoryIdentity() throws(SystemError) -> DirectoryIdentity {
        let found = try location.directory.status()
        return DirectoryIdentity(device: found.device, inode: found.inode)
    }

    struct DirectoryIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static func system(_ call: () throws(SystemError) -> Void) throws(PathError) {
        do {
            try call()
        } catch {
            throw .system(error)
        }
    }
}
