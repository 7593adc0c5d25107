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
        case stuck(InstallJournal.Entry, InstallRecord?, because: String)
        /// The entry was set aside.
        case damaged
    }

    /// Recovers every open entry, but none of the subject that somebody else is at work on. Only under the lock of the
    /// state directory: an entry of a running install would be taken for a dead one's.
    func run(sparing busy: String? = nil, _ advanced: () -> Void = {}) throws(SystemError) -> [Outcome] {
        var outcomes: [Outcome] = []
        for entry in try journal.entries() {
            if let busy, mayBeOf(busy, entry) { continue }
            let outcome = recover(entry)
            if case .stuck(let entry, let record, let reason) = outcome { tell(stuck: entry, record, reason) }
            outcomes.append(outcome)
            advanced()
        }
        return outcomes
    }

    /// An entry that can't be read, too, may be one that its owner is closing.
    private func mayBeOf(_ subject: String, _ entry: InstallJournal.Entry) -> Bool {
        switch journal.read(entry) {
        case .record(let record): record.subject == subject
        case .damaged: false
        case .unreadable: true
        }
    }

    /// Tells the log what can't be finished.
    func tell(stuck entry: InstallJournal.Entry, _ record: InstallRecord?, _ reason: String) {
        log.error(
            "interrupted install can't be finished",
            [
                "subject": .string(record?.subject ?? "unknown"), "journal": .string(journal.path(of: entry)),
                "error": .string(reason),
                "advice": "Free the file or repair its directory; it is tried again.",
            ])
    }

    /// Recovers one entry; that it is stuck is left for the caller to tell.
    func recover(_ entry: InstallJournal.Entry) -> Outcome {
        switch journal.read(entry) {
        case .record(let record): recover(entry, record)
        case .damaged: setAside(entry)
        case .unreadable(let error): .stuck(entry, nil, because: "\(error)")
        }
    }

    private func recover(_ entry: InstallJournal.Entry, _ record: InstallRecord) -> Outcome {
        do {
            let files = try record.files.map { try RecordedFile($0, journal) }
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
            return .stuck(entry, record, because: "\(error)")
        }
    }

    /// The renames last before the entry goes; then nothing of the old set is needed.
    private func finish(_ entry: InstallJournal.Entry, _ files: [RecordedFile]) throws {
        for file in files { try file.synchronize() }
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
