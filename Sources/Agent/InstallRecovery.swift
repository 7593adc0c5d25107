import Log
import PKI
import POSIX

/// Finishes installs that were decided and not carried through, because the process or the machine died, or because
/// a file could be neither replaced nor put back.
///
/// Forward whenever every new file is still there, be it staged or in place; else back to the old set. Each step may
/// be repeated: a recovery that dies is recovered from in the same way.
struct InstallRecovery {
    let journal: InstallJournal
    let log: Logger
    /// How long an entry is kept whose directories are missing; nil for ever, because a renewal will give it up.
    var retention: (InstallRecord) -> Duration? = { _ in nil }

    /// What became of one entry.
    enum Outcome: Hashable, Sendable {
        /// The set is the new one.
        case finished(subject: String)
        /// The set is the old one.
        case undone(subject: String)
        /// These files stay new, and the others are old: neither set can be made whole any more.
        case mixed(subject: String, paths: [String])
        /// The entry stays, for another try; without a record it could not even be read.
        case stuck(InstallJournal.Entry, InstallRecord?, because: Obstacle)
        /// The entry was set aside.
        case damaged
        /// The journal can't be listed: which entries it has is not known.
        case unlisted(because: String)

        var subject: String? {
            switch self {
            case .finished(let subject), .undone(let subject), .mixed(let subject, _): subject
            case .stuck(_, let record, _): record?.subject
            case .damaged, .unlisted: nil
            }
        }
    }

    /// What holds up an entry.
    struct Obstacle: Hashable, Sendable, CustomStringConvertible {
        let description: String
        /// Directories are missing, and that is all: they may be mounted yet, or be gone with their files.
        var isAbsence = false
        /// A service could read some files new and others old.
        var isMixed = true
        /// No renewal will give the install up.
        var isAbandoned = false
        /// A directory does not answer, and nothing was tried.
        var isHanging = false
    }

    /// Recovers every open entry, but none of those that somebody else is at work on. Only under the lock of the state
    /// directory: an entry of a running install would be taken for a dead one's.
    ///
    /// `patience` is how long the directories of an entry are waited for: nothing else goes on before this returns.
    func run(
        patience: Duration = .seconds(3), sparing isBusy: ((InstallRecord) -> Bool)? = nil,
        _ advanced: () -> Void = {}
    ) throws(SystemError) -> [Outcome] {
        var outcomes: [Outcome] = []
        for entry in try journal.entries() {
            let outcome: Outcome
            if let isBusy {
                switch journal.read(entry) {
                case .record(let record) where isBusy(record): continue
                // Its owner has closed it just now.
                case .unreadable(let error) where error.errno == .notFound: continue
                case .record, .damaged, .unreadable: outcome = recover(entry, within: patience)
                }
            } else {
                outcome = recover(entry, within: patience)
            }
            if case .stuck(let entry, let record, let reason) = outcome { tell(stuck: entry, record, reason) }
            outcomes.append(outcome)
            advanced()
        }
        return outcomes
    }

    private func recover(_ entry: InstallJournal.Entry, within patience: Duration) -> Outcome {
        guard case .record(let record) = journal.read(entry),
            let directory = Self.hangingDirectory(of: record, patience)
        else { return recover(entry) }
        let obstacle = Obstacle(description: "\(directory) does not answer", isHanging: true)
        return .stuck(entry, record, because: obstacle)
    }

    /// A directory in which no system call returns: whoever goes there never comes back.
    private static func hangingDirectory(of record: InstallRecord, _ patience: Duration) -> String? {
        let directories = record.files.compactMap { $0.path.splitAtLastSlash?.parent }
        let visited = Monitor(directories.first)
        let thread = try? Worker(name: "probe") {
            for directory in directories {
                visited.change { $0 = directory }
                _ = try? File.status(directory.isEmpty ? "/" : directory)
            }
            visited.change { $0 = nil }
        }
        if thread == nil { return nil }
        let deadline = Clock.boottime() + patience
        let hasEnded = visited.wait(until: deadline) { $0 == nil ? true : nil } ?? false
        return hasEnded ? nil : visited.change { $0 }
    }

    /// Tells the log what can't be finished.
    func tell(stuck entry: InstallJournal.Entry, _ record: InstallRecord?, _ obstacle: Obstacle) {
        log.error(
            "interrupted install can't be finished",
            [
                "subject": .string(record?.subject ?? "unknown"), "journal": .string(journal.path(of: entry)),
                "error": .string(obstacle.description),
                "advice": .string(advice(entry, record, obstacle)),
            ])
    }

    private func advice(
        _ entry: InstallJournal.Entry, _ record: InstallRecord?, _ obstacle: Obstacle
    ) -> String {
        if record == nil {
            return "Make the file that journal names readable: nothing is installed before. If it is lost,"
                + " remove it, and compare key and certificate of each service."
        }
        if obstacle.isHanging {
            return "See that the server of its file system can be reached, or unmount it (umount -f -l);"
                + " it is tried again."
        }
        guard obstacle.isAbsence else { return "Free the file or repair its directory; it is tried again." }
        return obstacle.isAbandoned
            ? "Mount or make the directory; if it is gone for good, remove \(journal.path(of: entry)): no"
                + " certificate of the configuration has these files. A start does so after thirty days."
            : "Mount or make the directory; if it is gone for good, the next renewal gives this install up."
    }

    /// Recovers one entry; that it is stuck is left for the caller to tell. `givingUp` what lies in directories that are
    /// missing, which they will be no more when the set is installed anew.
    func recover(_ entry: InstallJournal.Entry, givingUp: Bool = false) -> Outcome {
        switch journal.read(entry) {
        case .record(let record): recover(entry, record, givingUp)
        case .damaged: setAside(entry)
        case .unreadable(let error): .stuck(entry, nil, because: Obstacle(description: "\(error)"))
        }
    }

    private func recover(
        _ entry: InstallJournal.Entry, _ record: InstallRecord, _ givingUp: Bool
    ) -> Outcome {
        do {
            let (files, absence) = try find(record)
            if let absence, !givingUp {
                let retention = retention(record)
                if try retention.map({ try journal.age(of: entry) < $0 }) ?? true {
                    return .stuck(
                        entry, record,
                        because: Obstacle(
                            description: "\(absence)", isAbsence: true,
                            isMixed: files.contains(where: \.isChanged), isAbandoned: retention != nil))
                }
            }
            if absence == nil, !files.contains(where: \.isLost) {
                for file in files { try file.putInPlace() }
                try finish(entry, record, files)
                log.warn(
                    "interrupted install finished",
                    ["subject": .string(record.subject), "files": .list(files.map(\.path))])
                return .finished(subject: record.subject)
            }
            let mixed = try files.filter { try !$0.putBack() && $0.isChanged }.map(\.path)
            try finish(entry, record, files)
            return told(record, files, mixed)
        } catch {
            let isMixed = (try? find(record)).map { found in
                found.files.contains(where: \.isChanged) && found.files.contains { !$0.isInPlace }
            }
            return .stuck(
                entry, record, because: Obstacle(description: "\(error)", isMixed: isMixed ?? true))
        }
    }

    /// The files as they lie there now, without those whose directory is missing, or has another in its place: a volume
    /// that is not mounted leaves an empty directory behind.
    private func find(
        _ record: InstallRecord
    ) throws -> (files: [RecordedFile], absence: RecordedFile.Absence?) {
        var files: [RecordedFile] = []
        var absence: RecordedFile.Absence?
        for file in record.files {
            do { files.append(try RecordedFile(file, journal)) } catch let missing as RecordedFile.Absence {
                absence = missing
            }
        }
        let traced = Set(files.filter(\.isTraced).map(\.directory))
        let elsewhere = { (file: RecordedFile) in file.isElsewhere && !traced.contains(file.directory) }
        absence = files.first(where: elsewhere)?.absence ?? absence
        files.removeAll(where: elsewhere)
        return (files, absence)
    }

    private func told(_ record: InstallRecord, _ files: [RecordedFile], _ mixed: [String]) -> Outcome {
        let there = Set(files.filter { !$0.isLost }.map(\.path))
        let missing = record.files.map(\.path).filter { !there.contains($0) }
        var attributes: LogAttributes = ["subject": .string(record.subject), "missing": .list(missing)]
        if mixed.isEmpty {
            attributes.append(
                "advice", "Nothing, if the certificate is renewed soon; see who removed the staged file.")
            log.error("interrupted install undone: a new file is missing", attributes)
            return .undone(subject: record.subject)
        }
        attributes.append("new", .list(mixed))
        attributes.append(
            "advice",
            "Have the certificate renewed: some of its files are new and others old. See who removed them.")
        log.error("interrupted install can be neither finished nor undone", attributes)
        return .mixed(subject: record.subject, paths: mixed)
    }

    /// The renames last before the entry goes; then nothing of the old set is needed.
    private func finish(
        _ entry: InstallJournal.Entry, _ record: InstallRecord, _ files: [RecordedFile]
    ) throws {
        for file in files { try file.synchronize() }
        let left = try files.flatMap { try $0.dropOtherNames() }
        if !left.isEmpty {
            log.warn(
                "a staged file's name is somebody else's by now, and is left",
                [
                    "subject": .string(record.subject), "paths": .list(left),
                    "advice": "See what it is and who has made it, then remove it.",
                ])
        }
        try journal.close(entry)
        // Of a mounted file whose directory is missing the copies are here.
        if files.count == record.files.count { return }
        for file in record.files where file.mounted != nil {
            for name in [file.stagedName, file.oldName].compactMap(\.self) { try journal.removeCopy(name) }
        }
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
