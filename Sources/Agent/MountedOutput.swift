import PKI
import POSIX

/// An output whose target is a mount of its own, as containers have it: it can't be renamed over, so it is written over.
///
/// New and old content are copies in the journal's directory, from which a torn target is written again after a crash.
/// Owner, mode and access list are those of the file that is there, within the rules for replaced files; attributes
/// stay by themselves.
final class MountedOutput: OutputInTransit {
    private(set) var warnings: [String] = []
    private let location: SafeLocation
    /// The file that is mounted there.
    private let file: FileDescriptor
    private let access: FileAccess
    private let contents: FileContents
    private let sha256: String
    private let store: InstallJournal
    private var copy: StagedFile?
    private let copyName: String
    private var old: SecretBytes?
    private var oldCopy: StagedFile?
    private var oldName: String?
    private var isSame = false
    private var isTouched = false
    private let seam: InstallSeam

    /// Opens the target, so that nothing can be mounted in its place from here on, and writes the copy.
    init(
        _ output: OutputFile, at target: consuming SafeLocation, store: InstallJournal,
        agent: FileAccess.Account, seam: InstallSeam
    ) throws(SystemError) {
        self.seam = seam
        self.store = store
        contents = output.contents
        sha256 = output.contents.withBytes { SHA256.hex($0) }
        let inherited = FileInheritance(
            from: target, in: try target.directory.status(), tag: "", agent: agent)
        access = FileAccess.decide(
            secrecy: output.secrecy, configured: output.access, inherited: inherited, agent: agent)
        if let refusal = inherited?.refusal(
            access, of: output.secrecy, configured: output.access, agent: agent)
        {
            warnings = ["\(target.path): \(refusal)"]
        }
        file = try target.directory.openFile(target.name, for: .readWrite)
        guard try file.status().kind == .regular else { throw SystemError("open", target.path, .invalid) }
        let made = try Self.copy(output.contents, of: target.path, to: store, seam)
        copyName = made.name
        copy = consume made
        location = target
    }

    var path: String { location.path }

    var record: InstallRecord.File {
        InstallRecord.File(
            path: path, stagedName: copyName, oldName: oldName, hadOld: true, isSame: isSame, sha256: sha256,
            mounted: InstallRecord.Mounted(user: access.user, group: access.group, mode: access.mode))
    }

    func target() throws(SystemError) -> InstallTarget {
        InstallTarget(directory: FileIdentity(try location.directory.status()), name: location.name)
    }

    /// From here on the file may be read by whom the new content is for, and by nobody else; and there is room for it.
    func keepOld() throws(SystemError) {
        var bytes = try file.readToEnd(limit: CertificateFiles.longest)
        let old = SecretBytes(wiping: &bytes)
        let made = try Self.copy(.secret(old), of: path, to: store, seam)
        oldName = made.name
        oldCopy = consume made
        self.old = old
        isSame = old.withBytes { SHA256.hex($0) } == sha256
        try narrow()
        try file.reserve(contents.withBytes { $0.count })
    }

    private func narrow() throws(SystemError) {
        let before = try file.status().mode
        // Not needlessly: a service may be reading the old content.
        if try !access.isInForce(on: file) { warnings += try access.apply(to: file, defaultList: .dropped) }
        if case .secret = contents, before & 0o077 & ~access.mode != 0 {
            warnings.append(
                "\(path) was open to others and is mounted, so that it could not be replaced: who had it open can read"
                    + " the new key")
        }
    }

    func putInPlace() throws(SystemError) {
        try seam.permit(.overwrite, path)
        isTouched = true
        try contents.withBytes { (bytes) throws(SystemError) in try file.overwrite(with: bytes) }
    }

    func putBack() throws(SystemError) {
        guard isTouched, let old else { return }
        try seam.permit(.overwrite, path)
        try old.withBytes { (bytes) throws(SystemError) in try file.overwrite(with: bytes) }
        isTouched = false
    }

    func dropOtherNames() throws(SystemError) {
        for name in [copyName, oldName].compactMap(\.self) {
            try seam.permit(.unlink, path)
            try store.removeCopy(name)
        }
        leave()
    }

    func leave() {
        if let copy = copy.take() { copy.leave() }
        if let oldCopy = oldCopy.take() { oldCopy.leave() }
    }

    /// The copies' names are the journal's; the change is the file's own.
    func placeToSynchronize(_ step: Lasting) throws(SystemError) -> FileIdentity {
        switch step {
        case .names: try store.place()
        case .change: FileIdentity(try file.status())
        }
    }

    func synchronize(_ step: Lasting) throws(SystemError) {
        switch step {
        case .names:
            try seam.permit(.synchronizeDirectory, path)
            try store.synchronize()
        case .change:
            try seam.permit(.synchronize, path)
            try file.synchronize()
        }
    }

    private static func copy(
        _ contents: FileContents, of path: String, to store: InstallJournal, _ seam: InstallSeam
    ) throws(SystemError) -> StagedFile {
        try seam.permit(.create, path)
        let made = try store.makeCopy()
        try seam.permit(.write, path)
        try contents.withBytes { (bytes) throws(SystemError) in try made.write(bytes) }
        try seam.permit(.synchronize, path)
        try made.synchronize()
        return made
    }
}

extension FileDescriptor {
    /// Writes, then truncates: at no moment is the file empty.
    func overwrite(with bytes: Span<UInt8>) throws(SystemError) {
        try seek(to: 0)
        try writeAll(bytes)
        try truncate(to: Int64(bytes.count))
    }
}
