import Log
import POSIX

/// Removes what an agent that died left beside its targets: staged files, and second names of old files. Another agent's,
/// with a state directory of its own, are told by their tag, and stay.
struct StagingSweep {
    let tag: String
    let log: Logger
    /// The mark of what is staged in the meantime (``StateDirectory/stagingMark``); nil while no install runs.
    var current: String? = nil
    /// What is missing may be mounted yet, with what was staged there.
    var keepsMissing = true
    /// Names that an open entry of the journal still needs.
    var kept: Set<String> = []

    /// Sweeps the directories of these paths; false when one can't be swept now.
    @discardableResult
    func sweepBeside(_ paths: [String], _ advanced: () -> Void = {}) -> Bool {
        var swept: Set<String> = []
        var isDone = true
        var neighbourhood = SafeNeighbourhood()
        for path in paths {
            advanced()
            do {
                let location = try neighbourhood.resolve(path)
                if swept.insert(location.directory.path).inserted {
                    isDone = sweep(location.directory, prefix: StagedFile.namePrefix + tag) && isDone
                }
            } catch {
                if case .system(let error) = error, error.errno == .notFound, !keepsMissing { continue }
                isDone = false
            }
        }
        return isDone
    }

    /// Sweeps what an interrupted write of a record or of a key left in the agent's own directory.
    func sweepRecords(of state: StateDirectory) {
        sweep(state.root, prefix: StagedFile.namePrefix)
        sweep(state.records, prefix: StagedFile.namePrefix)
        sweep(state.pendingKeys, prefix: StagedFile.namePrefix)
    }

    /// Sweeps interrupted entries, and copies that no entry names.
    func sweepJournal(of state: StateDirectory) { sweep(state.journal, prefix: StagedFile.namePrefix) }

    @discardableResult
    private func sweep(_ directory: borrowing Directory, prefix: String) -> Bool {
        do {
            var (removed, isDone) = (false, true)
            for name in try directory.entries()
            where name.hasPrefix(prefix) {
                if let current, name.hasPrefix(StagedFile.namePrefix + current) { continue }
                if kept.contains(name) {
                    isDone = false
                    continue
                }
                guard try directory.status(name)?.kind == .regular else { continue }
                try directory.unlinkIfPresent(name)
                removed = true
                log.info(
                    "staged file of an interrupted write removed",
                    ["path": .string(directory.path(of: name))])
            }
            if removed { try directory.synchronize() }
            return isDone
        } catch {
            log.warn(
                "staged files could not be removed",
                ["path": .string(directory.path), "error": .string(error.description)])
            return false
        }
    }
}
