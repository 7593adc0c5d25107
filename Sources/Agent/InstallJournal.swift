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

    init(_ directory: StateDirectory) { self.directory = directory }

    /// Notes the install. On the disk when this returns: from then on it is decided.
    func open(_ record: InstallRecord) throws(SystemError) -> Entry {
        // Staged names are random, so the first one is free here too.
        let entry = Entry(name: (record.files.first?.stagedName ?? "empty") + ".json")
        let bytes: [UInt8]
        do { bytes = try JSON.encode(record) } catch {
            throw SystemError("encode", directory.journal.path(of: entry.name), .invalid)
        }
        // The name mustn't look like that of a staged file, which a sweep removes.
        try AtomicFile.replace(in: directory.journal, name: entry.fileName, with: bytes, mode: 0o600)
        return entry
    }

    /// The install is done, or undone, for good.
    func close(_ entry: Entry) throws(SystemError) {
        try directory.journal.unlinkIfPresent(entry.fileName)
        try directory.journal.synchronize()
    }

    /// The open entries, in no order. One that can't be read gives nil.
    func entries() throws(SystemError) -> [(entry: Entry, record: InstallRecord?)] {
        try directory.journal.entries().compactMap { name in
            guard let entry = Entry(fileName: name) else { return nil }
            return (entry, record(of: entry))
        }
    }

    /// Gives an entry that can't be read another name, so that it is kept and read no more; returns the new path.
    func setAside(_ entry: Entry) throws(SystemError) -> String {
        directory.journal.path(of: try StateDirectory.setAside(entry.fileName, in: directory.journal))
    }

    func path(of entry: Entry) -> String { directory.journal.path(of: entry.fileName) }

    /// What an open entry says; nil if it can't be read.
    func record(of entry: Entry) -> InstallRecord? {
        // Whatever is wrong with it: the entry is of no use then, and its path is told.
        guard let bytes = try? directory.journal.openFile(entry.fileName).readToEnd(limit: Self.longest),
            let record = try? JSON.decode(InstallRecord.self, from: bytes),
            record.version <= InstallRecord.currentVersion
        else { return nil }
        return record
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
