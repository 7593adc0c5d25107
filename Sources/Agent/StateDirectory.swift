import Lifecycle
import Log
import POSIX

/// The agent's own directory: 0700, and everything in it 0600. What is found wider is tightened, with a
/// warning.
final class StateDirectory: Sendable {
    let path: String
    let root: Directory
    /// One record a certificate.
    let records: Directory
    /// Private keys whose certificates are not installed yet.
    let pendingKeys: Directory
    /// Installs that have been decided and are not done yet.
    let journal: Directory
    /// Tells the files that this directory's agent stages beside its targets from another agent's.
    let stagingTag: String
    let log: Logger
    /// What is noted by ``StagingPlaces`` while others are being swept that are then let go of.
    let noted = Lock<Set<String>?>(nil)
    /// Read by who takes a lock, and nobody stages without.
    private let generation = Lock("")

    init(path: String, log: Logger) throws(SystemError) {
        self.path = path
        self.log = log
        root = try Self.closed(Self.make(path), log)
        records = try Self.closed(root.makeDirectory("state", mode: 0o700), log)
        pendingKeys = try Self.closed(root.makeDirectory("pending", mode: 0o700), log)
        journal = try Self.closed(root.makeDirectory("journal", mode: 0o700), log)
        stagingTag = try Self.storedTag(root, log)
        try root.synchronize()
    }

    /// Drawn once for each directory. Where it can't be stored it serves this process alone: what that leaves staged is
    /// swept by nobody.
    private static func storedTag(
        _ root: borrowing Directory, _ log: Logger
    ) throws(SystemError) -> String {
        let name = "staging-tag"
        var trouble: String?
        do throws(SystemError) {
            let text = String(decoding: try root.openFile(name).readToEnd(limit: 64), as: UTF8.self)
            if text.utf8.count == 9, text.hasSuffix("-"), text.dropLast().allSatisfy(\.isHexDigit) {
                return text
            }
            trouble = "it holds no tag"
        } catch {
            if passing.contains(error.errno) { throw error }
            if error.errno != .notFound { trouble = error.description }
        }
        let tag = try randomHex(bytes: 4) + "-"
        if let trouble {
            log.warn(
                "staging tag is damaged and a new one is drawn",
                [
                    "path": .string(root.path(of: name)), "error": .string(trouble), "tag": .string(tag),
                    "advice":
                        "Remove files named .certplane-* with another tag from the directories of the outputs.",
                ])
        }
        try? AtomicFile.replace(in: root, name: name, with: Array(tag.utf8), mode: 0o600)
        return tag
    }

    /// With what the names of staged files begin now, behind the prefix.
    var stagingMark: String { stagingTag + generation.withLock { $0 } }

    private static let generationName = "staging-generation"

    /// Begins another generation of staged files. Under both locks, so that nobody is staging: whatever has another mark
    /// was left by the dead, and stays theirs, since who takes a lock later reads the new one. So these files can be told
    /// while others are being staged beside them, also by an enrolment in another process.
    func beginGeneration() throws(SystemError) {
        let next = try randomHex(bytes: 4) + "-"
        try AtomicFile.replace(in: root, name: Self.generationName, with: Array(next.utf8), mode: 0o600)
        generation.withLock { $0 = next }
    }

    private static func storedGeneration(_ root: borrowing Directory) throws(SystemError) -> String {
        do {
            let bytes = try root.openFile(generationName).readToEnd(limit: 64)
            let text = String(decoding: bytes, as: UTF8.self)
            return text.dropLast().allSatisfy(\.isHexDigit) && text.hasSuffix("-") ? text : ""
        } catch {
            guard error.errno == .notFound else { throw error }
            return ""
        }
    }

    /// What will never be read again must not keep the agent from running: it begins another one, once nobody else stages.
    /// An enrolment needs the one that is there, for the agent beside it goes by that.
    private func readGeneration(for activity: Activity) throws(SystemError) {
        do {
            let stored = try Self.storedGeneration(root)
            generation.withLock { $0 = stored }
        } catch {
            if activity == .enrolling || Self.passing.contains(error.errno) { throw error }
            var attributes: LogAttributes = ["error": .string(error.description)]
            if let kept = try? Self.setAside(Self.generationName, in: root) {
                attributes.append("kept_as", .string(kept))
            }
            log.warn("staging generation is damaged and a new one is begun", attributes)
        }
    }

    /// The path of a journal entry that was set aside, if there is one.
    var damagedEntry: String? {
        let names = (try? journal.entries()) ?? []
        return names.first { $0.hasPrefix("install") && Self.isSetAside($0) }.map { journal.path(of: $0) }
    }

    /// Which of the agent's activities excludes its like.
    enum Activity: String {
        case running = "agent.lock"
        case enrolling = "enroll.lock"
    }

    /// Held until the lock goes, or the process does; a file that a dead process or an upstream agent left
    /// behind holds nobody up. Upstream's operators are used to removing it, so it is not all that is locked.
    func lock(_ activity: Activity) throws(FileLock.Failure) -> FileLock {
        let lock =
            switch activity {
            case .running: try FileLock.acquire(activity.rawValue, in: root, guarding: root)
            case .enrolling: try FileLock.acquire(activity.rawValue, in: root, guarding: journal)
            }
        do { try readGeneration(for: activity) } catch { throw .system(error) }
        return lock
    }

    /// Faults of the machine that go by: what can't be read because of them is not damaged. An input/output error is none
    /// of them: a file that can never be read again must not hold up its certificate for ever.
    static let passing: Set<Errno> = [
        .tooManyOpenFiles, .fileTableFull, .noMemory, .staleHandle, .timedOut,
    ]

    private static let damagedMark = ".damaged-"

    private static func isSetAside(_ name: String) -> Bool { name.contains(damagedMark) }

    /// Gives a file that can't be read a name under which it is in nobody's way, and returns that name.
    static func setAside(_ name: String, in directory: borrowing Directory) throws(SystemError) -> String {
        let wall = Clock.wall()
        let newName = "\(name)\(damagedMark)\(wall.seconds).\(wall.nanoseconds)"
        try directory.rename(name, to: newName)
        try directory.synchronize()
        return newName
    }

    /// The certificates whose files in `part` have that suffix; `owner` is asked whose file it is if its name holds
    /// only a part of the certificate's. What has another name was put there by somebody else.
    func names(
        in part: borrowing Directory, suffix: String, _ log: Logger,
        owner: (_ file: String) -> CertificateName? = { _ in nil }
    ) -> Set<CertificateName> {
        do { return try Self.names(in: part, suffix: suffix, owner: owner) } catch {
            log.error("state directory can't be listed", ["error": .string("\(error)")])
            return []
        }
    }

    /// The same, for who holds no state directory.
    static func names(
        in part: borrowing Directory, suffix: String, owner: (_ file: String) -> CertificateName?
    ) throws(SystemError) -> Set<CertificateName> {
        let names = try part.entries().compactMap { file -> CertificateName? in
            if !file.hasSuffix(suffix) { return nil }
            let name = String(file.dropLast(suffix.count))
            return CertificateName.isCut(fileName: name) ? owner(file) : CertificateName(fileName: name)
        }
        return Set(names)
    }

    /// Only the directory itself is private: what lies above it may belong to others too.
    private static func make(_ path: String) throws(SystemError) -> Directory {
        do {
            return try Directory.open(path)
        } catch {
            guard error.errno == .notFound, let (parent, name) = path.splitAtLastSlash else { throw error }
            let directory = try Directory.make(parent.isEmpty ? "/" : parent, mode: 0o755)
            let made = try directory.makeDirectory(name, mode: 0o700)
            try directory.synchronize()
            return made
        }
    }

    /// The directory, once nobody else has a say in it.
    private static func closed(
        _ directory: consuming Directory, _ log: Logger
    ) throws(SystemError) -> Directory {
        try refuseForeign(directory, log)
        try tighten(directory, log)
        return directory
    }

    /// Whose directory it is decides what lies in it: keys to order for, locks, the token of the local API.
    private static func refuseForeign(_ directory: borrowing Directory, _ log: Logger) throws(SystemError) {
        let owner = try directory.status().owner
        guard owner != 0, owner != ProcessFacts.userID else { return }
        log.error(
            "state directory belongs to another user",
            [
                "path": .string(directory.path), "user": .int(Int(owner)),
                "advice": "Run as that user, or give the agent a state_dir of its own.",
            ])
        throw SystemError("use", directory.path, .notPermitted)
    }

    private static func tighten(_ directory: borrowing Directory, _ log: Logger) throws(SystemError) {
        let mode = try directory.status().mode
        if mode & 0o077 != 0 {
            try directory.descriptor.setMode(0o700)
            warn(directory.path, mode, log)
        }
        for name in try directory.entries() {
            guard let found = try directory.status(name), found.kind == .regular, found.mode & 0o077 != 0
            else { continue }
            do {
                try directory.openFile(name).setMode(0o600)
                warn(directory.path(of: name), found.mode, log)
            } catch {
                guard found.owner == 0, [.notPermitted, .permissionDenied].contains(error.errno) else {
                    throw error
                }
                // An administrator's; nobody gets at it through a directory that is closed.
                log.warn(
                    "state file that belongs to root is left as it is",
                    ["path": .string(directory.path(of: name)), "error": .string("\(error)")])
            }
        }
    }

    private static func warn(_ path: String, _ mode: FileMode, _ log: Logger) {
        log.warn(
            "state was open to other users and is closed now",
            ["path": .string(path), "mode": .string("0" + String(mode, radix: 8))])
    }
}
