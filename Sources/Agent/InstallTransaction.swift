import POSIX

/// Files that change as one: after any fault, a crash included, the set is the old one or the new one.
///
/// The steps, in their order: `stage` writes everything beside the targets, `commit` makes a way back and notes the
/// install in the journal, `rename` changes the set, `settle` makes the change last and closes the journal. A fault
/// before `commit` has noted it changes nothing; one in `rename` puts back what was changed; one in `settle` is only
/// worth a warning, because the new set is whole. What a crash leaves is finished by ``InstallRecovery``.
struct InstallTransaction: ~Copyable {
    private let subject: InstallSubject
    private let agent: FileAccess.Account
    private let journal: InstallJournal
    private let seam: InstallSeam
    /// In the order in which they are put in place.
    private var outputs: [any OutputInTransit] = []
    private var entry: InstallJournal.Entry?

    init(
        subject: InstallSubject, agent: FileAccess.Account, journal: InstallJournal,
        seam: InstallSeam = .none
    ) {
        self.subject = subject
        self.agent = agent
        self.journal = journal
        self.seam = seam
    }

    mutating func stage(_ files: [OutputFile]) throws(InstallFault) {
        var mounted: [any OutputInTransit] = []
        var targets: Set<InstallTarget> = []
        for file in files {
            do throws(PathError) {
                let output = try inTransit(file)
                guard targets.insert(try Self.target(of: output)).inserted else {
                    throw .unsafe(component: output.path, why: "is the target of two outputs")
                }
                if output is MountedOutput { mounted.append(output) } else { outputs.append(output) }
            } catch {
                throw InstallFault(.path(error))
            }
        }
        // When their turn comes, no rename can fail any more.
        outputs += mounted
    }

    /// Reaches the target, and missing directories on the way are made.
    private func inTransit(_ file: OutputFile) throws(PathError) -> any OutputInTransit {
        do throws(SystemError) { try seam.permit(.resolve, file.path) } catch { throw .system(error) }
        let location = try SafePath.resolve(file.path, missingParents: .make(mode: 0o755))
        if !location.directory.path.isSamePath(as: file.path.splitAtLastSlash?.parent ?? "") {
            // A link led elsewhere: what a crash leaves there has to be found also when the link is gone.
            journal.noteStagingPlace(location.directory.path)
        }
        do throws(SystemError) {
            if try location.directory.isMountPoint(location.name) {
                return try MountedOutput(file, at: location, store: journal, agent: agent, seam: seam)
            }
            return try StagedOutput(file, at: location, store: journal, agent: agent, seam: seam)
        } catch {
            throw .system(error)
        }
    }

    private static func target(of output: any OutputInTransit) throws(PathError) -> InstallTarget {
        do throws(SystemError) { return try output.target() } catch { throw .system(error) }
    }

    /// When this returns the install is decided: whatever happens, the set will be the new one, unless `rename`
    /// can put the old one back.
    mutating func commit() throws(InstallFault) {
        do {
            for output in outputs { try output.keepOld() }
            // The journal speaks of names: they have to be on the disk before it is.
            try synchronize(.names)
            try seam.permit(.openJournal, subject.text)
            entry = try journal.open(
                InstallRecord(
                    subject: subject.text, isIdentity: subject == .identity, files: outputs.map(\.record)))
        } catch {
            _ = dropOtherNames()
            throw InstallFault(error)
        }
    }

    /// The section in which no reload may start. As short as it can be: one call a file.
    mutating func rename() throws(InstallFault) {
        do {
            for output in outputs { try output.putInPlace() }
        } catch {
            let stuck = putBack()
            guard stuck.isEmpty else {
                // The journal stays open, and with it every name that its recovery needs.
                for output in outputs { output.leave() }
                throw InstallFault(error, remainder: .mixed(paths: stuck, entry))
            }
            throw InstallFault(error, remainder: callOff() ? .old : .undecided(entry))
        }
    }

    /// How an install ended that stands.
    struct Settlement {
        /// What could not be done, in words.
        var reservations: [String]
        /// The journal's entry, if it could not be closed: it has to be before the set can change again.
        var openEntry: InstallJournal.Entry?
    }

    consuming func settle() -> Settlement {
        let warnings = outputs.flatMap(\.warnings)
        do throws(SystemError) {
            try synchronize(.change)
        } catch {
            for output in outputs { output.leave() }
            let reservation =
                "the change may not survive a power loss, and is made to as soon as it can be: \(error)"
            return Settlement(reservations: warnings + [reservation], openEntry: entry)
        }
        let left = dropOtherNames()
        let unclosed = closeJournal()
        return Settlement(
            reservations: warnings + left + unclosed, openEntry: unclosed.isEmpty ? nil : entry)
    }

    /// Makes the putting back last and closes the journal. Whether that worked: else the next start may still find
    /// the install decided and finish it, for which it needs the names.
    private func callOff() -> Bool {
        do throws(SystemError) {
            try synchronize(.change)
        } catch {
            for output in outputs { output.leave() }
            return false
        }
        guard closeJournal().isEmpty else {
            for output in outputs { output.leave() }
            return false
        }
        _ = dropOtherNames()
        return true
    }

    private func closeJournal() -> [String] {
        guard let entry else { return [] }
        do throws(SystemError) {
            try seam.permit(.closeJournal, subject.text)
            try journal.close(entry)
            return []
        } catch {
            return ["the journal could not be closed: \(error)"]
        }
    }

    /// The paths that could not be put back.
    private func putBack() -> [String] {
        outputs.reversed().compactMap { output in
            do {
                try output.putBack()
                return nil
            } catch {
                return output.path
            }
        }
    }

    private func dropOtherNames() -> [String] {
        outputs.compactMap { output in
            do throws(SystemError) {
                try output.dropOtherNames()
                return nil
            } catch {
                return "an old file keeps a second name until the next start: \(error)"
            }
        }
    }

    private func synchronize(_ step: Lasting) throws(SystemError) {
        var done: Set<FileIdentity> = []
        for output in outputs where done.insert(try output.placeToSynchronize(step)).inserted {
            try output.synchronize(step)
        }
    }
}
