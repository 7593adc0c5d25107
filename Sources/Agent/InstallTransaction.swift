import POSIX

/// Files that change as one: after any fault the set is the old one or the new one.
///
/// The steps, in their order: `stage` writes everything beside the targets, `commit` makes a way back,
/// `rename` changes the set, `settle` makes the change last and removes the way back. A fault before `rename`
/// changes nothing; one in it puts back what was changed; one in `settle` is only worth a warning, because
/// the new set is whole. Nothing staged outlives the transaction.
struct InstallTransaction: ~Copyable {
    private let agent: FileAccess.Account
    private let seam: InstallSeam
    private var outputs: [StagedOutput] = []

    init(agent: FileAccess.Account, seam: InstallSeam = .none) {
        self.agent = agent
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

    /// From here on the old set can be put back.
    mutating func commit() throws(InstallFault) {
        do {
            for output in outputs { try output.keepOld() }
        } catch {
            _ = dropSecondNames()
            throw InstallFault(error)
        }
    }

    /// The section in which no reload may run. As short as it can be: one call a file.
    mutating func rename() throws(InstallFault) {
        do {
            for output in outputs { try output.putInPlace() }
        } catch {
            let stuck = putBack()
            // The names are back; that they last is a second matter, of which the fault's report is enough.
            _ = synchronizeDirectories()
            // Of what is stuck the second name is the only one that the old file has.
            _ = dropSecondNames { !$0.isInPlace }
            throw InstallFault(error, remainder: stuck.isEmpty ? .old : .mixed(paths: stuck))
        }
    }

    /// What could not be done, in words; the new set stands in any case.
    consuming func settle() -> [String] {
        synchronizeDirectories() + dropSecondNames()
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

    private func dropSecondNames(of isMeant: (StagedOutput) -> Bool = { _ in true }) -> [String] {
        outputs.filter(isMeant).compactMap { output in
            do throws(SystemError) {
                try output.dropSecondName()
                return nil
            } catch {
                return "an old file keeps a second name until the next start: \(error)"
            }
        }
    }

    private func synchronizeDirectories() -> [String] {
        var done: Set<StagedOutput.DirectoryIdentity> = []
        return outputs.compactMap { output in
            do throws(SystemError) {
                if done.insert(try output.directoryIdentity()).inserted { try output.synchronizeDirectory() }
                return nil
            } catch {
                return "the change may not survive a power loss: \(error)"
            }
        }
    }
}
