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
    /// The staged file lies under its name again, and no longer removes itself.
    private var hasStagedName = false
    private var hasSecondName = false
    private var isInPlace = false
    private let seam: InstallSeam

    /// Decides owner, mode and access list, and writes the content, on the disk when this returns.
    init(
        _ file: OutputFile, at target: consuming SafeLocation, agent: FileAccess.Account, seam: InstallSeam
    ) throws(SystemError) {
        self.seam = seam
        let directory = try target.directory.status()
        let inherited = FileInheritance(from: target, in: directory, agent: agent)
        let access = FileAccess.decide(
            secrecy: file.secrecy, configured: file.access, inherited: inherited, agent: agent)
        try seam.permit(.create, target.path)
        let made = try StagedFile.create(beside: target, mode: 0o600)
        // First of all: once the file is given away, some of them are the new owner's to set.
        let unkept = inherited?.handOn(to: made.descriptor) ?? []
        let reservations = try access.apply(
            to: made.descriptor,
            defaultList: FileAccess.defaultList(replacing: target.existing, in: directory, agent: agent))
        let path = target.path
        warnings = (unkept + reservations).map { "\(path): \($0)" }
        stagedName = made.name
        secondName = made.name + ".old"
        sha256 = file.contents.withBytes { SHA256.hex($0) }
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
            path: path, stagedName: stagedName, oldName: hasSecondName ? secondName : nil, sha256: sha256)
    }

    func target() throws(SystemError) -> InstallTarget {
        InstallTarget(directory: FileIdentity(try location.directory.status()), name: location.name)
    }

    /// On a file system without hard links there is no way back.
    func keepOld() throws(SystemError) {
        guard location.existing != nil else { return }
        try seam.permit(.link, path)
        do {
            try location.directory.link(location.name, to: secondName)
            hasSecondName = true
        } catch {
            switch error.errno {
            // The last: a directory whose project quota is not the old file's.
            case .notFound, .notPermitted, .notSupported, .crossesFileSystems: break
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

    /// At no moment is the target missing that was there.
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
