import Notation
import POSIX

/// Where installs that have been decided are noted until they are done: one file each in `<state_dir>/journal`.
///
/// An open entry is the promise that the set will be the new one. Whoever finds it after a crash keeps the promise
/// (``InstallRecovery``).
struct InstallJournal: Sendable {
    /// Names an open entry.
    struct Entry: Hashable, Sendable {
        let name: String
    }

    private static let longest = 1 << 20

    private let directory: StateDirectory
    private let seam: InstallSeam

    init(_ directory: StateDirectory, seam: InstallSeam = .none) {
        self.directory = directory
        self.seam = seam
    }

    /// Notes the install. On the disk when this returns: from then on it is decided.
    func open(_ record: InstallRecord) throws(SystemError) -> Entry {
        // Staged names are random, so the first one is free here too.
        let entry = Entry(name: (record.files.first?.stagedName ?? "empty") + ".json")
        let bytes: [UInt8]
        do { bytes = try JSON.encode(record) } catch {
            throw SystemError("encode", directory.journal.path(of: entry.name), .invalid)
        }
        // The name mustn't look like that of a staged file, which a sweep removes.
        do {
            try AtomicFile.replace(in: directory.journal, name: entry.fileName, with: bytes, mode: 0o600)
        } catch {
            // It may be there, and not last.
            _ = try? directory.journal.unlinkIfPresent(entry.fileName)
            throw error
        }
        return entry
    }

    /// Begins the names of what is staged beside the targets, now and by whoever had this state directory before.
    var stagingTag: String { directory.stagingTag }

    /// Begins the names of what is staged beside the targets from now on.
    var stagingMark: String { directory.stagingMark }

    /// Something will be staged there, although no path of the configuration names that directory.
    func noteStagingPlace(_ path: String) { StagingPlaces(state: directory, log: directory.log).add([path]) }

    /// The install is done, or undone, for good.
    func close(_ entry: Entry) throws(SystemError) {
        try directory.journal.unlinkIfPresent(entry.fileName)
        try directory.journal.synchronize()
    }

    // MARK: Copies

    /// An empty file beside the entries, for what can't be staged beside its target. An entry that names it keeps it.
    func makeCopy() throws(SystemError) -> StagedFile {
        try StagedFile.create(in: directory.journal, replacing: "copy", mode: 0o600)
    }

    func removeCopy(_ name: String) throws(SystemError) { try directory.journal.unlinkIfPresent(name) }

    func place() throws(SystemError) -> FileIdentity { FileIdentity(try directory.journal.status()) }

    func synchronize() throws(SystemError) { try directory.journal.synchronize() }

    /// The directory of entries and copies.
    func openDirectory() throws(SystemError) -> Directory { try directory.journal.duplicate() }

    // MARK: Reading

    /// What an entry says, as far as it can be told.
    enum Reading {
        case record(InstallRecord)
        /// It says nothing that could be followed, and never will.
        case damaged
        /// It can't be read at the moment.
        case unreadable(SystemError)
    }

    /// The open entries, in no order.
    func entries() throws(SystemError) -> [Entry] {
        try seam.permit(.listJournal, directory.journal.path)
        return try directory.journal.entries().compactMap(Entry.init(fileName:))
    }

    /// Gives an entry that can't be read another name, so that it is kept and read no more; returns the new path.
    func setAside(_ entry: Entry) throws(SystemError) -> String {
        directory.journal.path(of: try StateDirectory.setAside(entry.fileName, in: directory.journal))
    }

    /// Whether the entry is there still; it counts as such if that can't be told.
    func holds(_ entry: Entry) -> Bool {
        do { return try directory.journal.status(entry.fileName) != nil } catch { return true }
    }

    func path(of entry: Entry) -> String { directory.journal.path(of: entry.fileName) }

    /// How long ago the install was decided.
    func age(of entry: Entry) throws(SystemError) -> Duration {
        guard let status = try directory.journal.status(entry.fileName) else { return .zero }
        let now = Clock.wall()
        return .seconds(now.seconds) - .nanoseconds(status.modified)
    }

    func read(_ entry: Entry) -> Reading {
        let bytes: [UInt8]
        do {
            try seam.permit(.readJournal, path(of: entry))
            bytes = try directory.journal.openFile(entry.fileName).readToEnd(limit: Self.longest)
        } catch {
            return error.errno == .fileTooLarge ? .damaged : .unreadable(error)
        }
        guard let record = try? JSON.decode(InstallRecord.self, from: bytes),
            record.version <= InstallRecord.currentVersion
        else { return .damaged }
        return .record(record)
    }
}

extension InstallJournal.Entry {
    private static let prefix = "install"

    fileprivate init?(fileName: String) {
        guard fileName.hasPrefix(Self.prefix), fileName.hasSuffix(".json") else { return nil }
        name = String(fileName.dropFirst(Self.prefix.count))
    }

    fileprivate var fileName: String { Self.prefix + name }
}
