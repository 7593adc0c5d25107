import POSIX

/// Files that change as one: after any fault, a crash included, the set is the old one or the new one.
///
/// The steps, in their order: `stage` writes everything beside the targets, `commit` makes a way back and notes the
/// install in the journal, `rename` changes the set, `settle` makes the change last and closes the journal. A fault
/// before `commit` has noted it changes nothing; one in `rename` puts back what was changed; one in `settle` is only
/// worth a warning, because the new set is whole. What a crash leaves is finished by ``InstallRecovery``.
struct InstallTransaction: ~Copyable {
    /// The certificate's name, or `identity`.
    private let subject: String
    private let agent: FileAccess.Account
    private let journal: InstallJournal
    private let seam: InstallSeam
    private var outputs: [StagedOutput] = []
    private var entry: InstallJournal.Entry?

    init(subject: String, agent: FileAccess.Account, journal: InstallJournal, seam: InstallSeam = .none) {
        self.subject = subject
        self.agent = agent
        self.journal = journal
        self.seam = seam
    }

    mutating func stage(_ files: [OutputFile]) throws(InstallFault) {
        for file in files {
            let output: StagedOutput
            do {
                output = try StagedOutput(file, agent: agent, seam: seam)
            } catch {
                throw InstallFault(.path(error))
            }
            try refuseSecondOutput(output)
            outputs.append(output)
        }
    }

    /// When this returns the install is decided: whatever happens, the set will be the new one, unless `rename`
    /// can put the old one back.
    mutating func commit() throws(InstallFault) {
        do {
            for output in outputs { try output.keepOld() }
            // The journal speaks of names: they have to be on the disk before it is.
            try synchronizeDirectories()
            try seam.permit(.openJournal, subject)
            entry = try journal.open(InstallRecord(subject: subject, files: outputs.map(\.record)))
        } catch {
            _ = dropOtherNames()
            throw InstallFault(error)
        }
    }

    /// The section in which no reload may run. As short as it can be: one call a file.
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
            throw InstallFault(error, remainder: callOff() ? .old : .undecided)
        }
    }

    /// What could not be done, in words; the new set stands in any case.
    consuming func settle() -> [String] {
        do throws(SystemError) {
            try synchronizeDirectories()
        } catch {
            for output in outputs { output.leave() }
            return [
                "the change may not survive a power loss; the journal stays open until the next start: \(error)"
            ]
        }
        return dropOtherNames() + closeJournal()
    }

    /// Makes the putting back last and closes the journal. Whether that worked: else the next start may still find
    /// the install decided and finish it, for which it needs the names.
    private func callOff() -> Bool {
        do throws(SystemError) {
            try synchronizeDirectories()
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
            try seam.permit(.closeJournal, subject)
            try journal.close(entry)
            return []
        } catch {
            return ["the journal stays open until the next start: \(error)"]
        }
    }

    private func refuseSecondOutput(_ output: StagedOutput) throws(InstallFault) {
        do {
            for other in outputs where try output.hasTarget(of: other) {
                throw PathError.unsafe(component: output.path, why: "is the target of two outputs")
            }
        } catch let error as PathError {
            throw InstallFault(.path(error))
        } catch let error as SystemError {
            throw InstallFault(error)
        } catch {
            return
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

    private func synchronizeDirectories() throws(SystemError) {
        var done: Set<StagedOutput.DirectoryIdentity> = []
        for output in outputs where done.insert(try output.directoryIdentity()).inserted {
            try output.synchronizeDirectory()
        }
    }
}
