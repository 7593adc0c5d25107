import Log
import PKI
import POSIX

/// Finishes installs that were decided and not carried through, because the process or the machine died, or because
/// a file could be neither replaced nor put back.
///
/// Forward whenever every new file is still there, be it staged or in place; else back to the old set. Each step may
/// be repeated: a recovery that dies is recovered from in the same way.
struct InstallRecovery: Sendable {
    let journal: InstallJournal
    let log: Logger

    /// What became of one entry.
    enum Outcome: Hashable, Sendable {
        /// The set is the new one.
        case finished(subject: String)
        /// The set is the old one.
        case undone(subject: String)
        /// The entry stays, for another try; without a record it could not even be read.
        case stuck(InstallJournal.Entry, InstallRecord?)
        /// The entry was set aside.
        case damaged
    }

    /// Recovers every open entry. Only under the locks of the state directory: an entry of a running install would
    /// be taken for a dead one's.
    func run(_ advanced: () -> Void = {}) throws(SystemError) -> [Outcome] {
        var outcomes: [Outcome] = []
        for entry in try journal.entries() {
            outcomes.append(recover(entry))
            advanced()
        }
        return outcomes
    }

    /// Recovers one entry.
    func recover(_ entry: InstallJournal.Entry) -> Outcome {
        switch journal.read(entry) {
        case .record(let record): recover(entry, record)
        case .damaged: setAside(entry)
        case .unreadable(let error): stuck(entry, nil, because: "\(error)")
        }
    }

    private func recover(_ entry: InstallJournal.Entry, _ record: InstallRecord) -> Outcome {
        do {
            let files = try record.files.map(RecordedFile.init)
            if files.allSatisfy({ $0.whereabouts != .lost }) {
                for file in files { try file.putInPlace() }
                try finish(entry, files)
                log.warn(
                    "interrupted install finished",
                    ["subject": .string(record.subject), "files": .list(files.map(\.path))])
                return .finished(subject: record.subject)
            }
            for file in files { try file.putBack() }
            try finish(entry, files)
            log.error(
                "interrupted install undone: a new file is missing",
                [
                    "subject": .string(record.subject),
                    "missing": .list(files.filter { $0.whereabouts == .lost }.map(\.path)),
                    "advice": "Nothing, if the certificate is renewed soon; see who removed the staged file.",
                ])
            return .undone(subject: record.subject)
        } catch {
            return stuck(entry, record, because: "\(error)")
        }
    }

    private func stuck(
        _ entry: InstallJournal.Entry, _ record: InstallRecord?, because error: String
    ) -> Outcome {
        log.error(
            "interrupted install can't be finished",
            [
                "subject": .string(record?.subject ?? "unknown"), "journal": .string(journal.path(of: entry)),
                "error": .string(error),
                "advice": "Free the file or repair its directory; it is tried again.",
            ])
        return .stuck(entry, record)
    }

    /// The renames last before the entry goes; then nothing of the old set is needed.
    private func finish(_ entry: InstallJournal.Entry, _ files: [RecordedFile]) throws {
        for file in files { try file.synchronizeDirectory() }
        for file in files { try file.dropOtherNames() }
        try journal.close(entry)
    }

    private func setAside(_ entry: InstallJournal.Entry) -> Outcome {
        var attributes: LogAttributes = ["journal": .string(journal.path(of: entry))]
        do {
            attributes.append("kept_as", .string(try journal.setAside(entry)))
        } catch {
            attributes.append("error", .string("\(error)"))
        }
        attributes.append("advice", "Compare key and certificate of each service; renew what doesn't match.")
        log.error("install journal is damaged", attributes)
        return .damaged
    }
}

/// One file of a record, as it lies on the disk now.
final class RecordedFile {
    enum Whereabouts {
        /// Under its staged name.
        case staged
        /// Under the target's name.
        case inPlace
        case lost
    }

    private static let longest = 4 << 20

    let whereabouts: Whereabouts
    private let record: InstallRecord.File
    private let location: SafeLocation

    init(_ record: InstallRecord.File) throws {
        self.record = record
        location = try SafePath.resolve(record.path)
        whereabouts =
            if try Self.holds(record.sha256, record.stagedName, location.directory) {
                .staged
            } else if try Self.holds(record.sha256, location.name, location.directory) {
                .inPlace
            } else {
                .lost
            }
    }

    var path: String { location.path }

    func putInPlace() throws(SystemError) {
        if whereabouts == .staged { try location.directory.rename(record.stagedName, to: location.name) }
    }

    /// The old file gets its name back; a new one where there was none goes.
    func putBack() throws(SystemError) {
        if let oldName = record.oldName {
            guard try location.directory.status(oldName)?.kind == .regular else { return }
            try location.directory.rename(oldName, to: location.name)
        } else if whereabouts == .inPlace {
            try location.directory.unlinkIfPresent(location.name)
        }
    }

    func synchronizeDirectory() throws(SystemError) { try location.directory.synchronize() }

    /// Of two names of one file a rename leaves both, so the staged name may still be there.
    func dropOtherNames() throws(SystemError) {
        try location.directory.unlinkIfPresent(record.stagedName)
        if let oldName = record.oldName { try location.directory.unlinkIfPresent(oldName) }
    }

    private static func holds(
        _ sha256: String, _ name: String, _ directory: borrowing Directory
    ) throws(SystemError) -> Bool {
        // What somebody put there instead, however large, is not the file: it must not make the install stuck.
        guard let found = try directory.status(name), found.kind == .regular, found.size <= longest else {
            return false
        }
        let bytes = try directory.openFile(name).readToEnd(limit: longest)
        return SHA256.hex(bytes) == sha256
    }
}
