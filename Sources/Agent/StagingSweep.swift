import Log
import POSIX

/// Removes what an agent that died left beside its targets: staged files, and second names of old files. Only
/// while no install runs, under the lock of the state directory. Another agent's, with a state directory of its own, are
/// told by their tag, and stay.
struct StagingSweep {
    let tag: String
    let log: Logger
    /// Names that an open entry of the journal still needs.
    var kept: Set<String> = []

    /// Sweeps the directories of these paths; a directory that is missing or can't be reached has nothing for
    /// us.
    func sweepBeside(_ paths: [String], _ advanced: () -> Void = {}) {
        var swept: Set<String> = []
        var neighbourhood = SafeNeighbourhood()
        for path in paths {
            advanced()
            guard let location = try? neighbourhood.resolve(path),
                swept.insert(location.directory.path).inserted
            else { continue }
            sweep(location.directory, prefix: StagedFile.namePrefix + tag)
        }
    }

    /// Sweeps what an interrupted write of a record or of a key left in the agent's own directory.
    func sweepRecords(of state: StateDirectory) {
        sweep(state.root, prefix: StagedFile.namePrefix)
        sweep(state.records, prefix: StagedFile.namePrefix)
        sweep(state.pendingKeys, prefix: StagedFile.namePrefix)
    }

    /// Sweeps interrupted entries, and copies that no entry names.
    func sweepJournal(of state: StateDirectory) { sweep(state.journal, prefix: StagedFile.namePrefix) }

    private func sweep(_ directory: borrowing Directory, prefix: String) {
        do {
            var removed = false
            for name in try directory.entries()
            where name.hasPrefix(prefix) && !kept.contains(name) {
                guard try directory.status(name)?.kind == .regular else { continue }
                try directory.unlinkIfPresent(name)
                removed = true
                log.info(
                    "staged file of an interrupted write removed",
                    ["path": .string(directory.path(of: name))])
            }
            if removed { try directory.synchronize() }
        } catch {
            log.warn(
                "staged files could not be removed",
                ["path": .string(directory.path), "error": .string(error.description)])
        }
    }
}
