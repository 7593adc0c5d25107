import POSIX

/// The journal entries that are being finished: each by one thread, and none beside one that has a file in common with it.
/// In a directory that hangs that never ends.
final class EntriesInHand: Sendable {
    private struct Work: Sendable {
        var places: Set<FilePlace>
        var since: Duration
    }

    /// How long an entry is waited for that somebody else is finishing.
    private static let patience = Duration.seconds(5)
    /// What takes longer may go on for ever.
    private static let hangingTime = Duration.seconds(1)

    private let works = Monitor<[InstallJournal.Entry: Work]>([:])

    /// False when somebody else is at work on it, or on its files, and that doesn't end.
    func take(_ entry: InstallJournal.Entry, _ places: Set<FilePlace>) -> Bool {
        let deadline = Clock.boottime() + Self.patience
        let isTaken = works.wait(until: deadline) { works -> Bool? in
            guard works[entry] == nil, works.values.allSatisfy({ $0.places.isDisjoint(with: places) })
            else { return nil }
            works[entry] = Work(places: places, since: Clock.boottime())
            return true
        }
        return isTaken ?? false
    }

    func release(_ entry: InstallJournal.Entry) { works.change { $0[entry] = nil } }

    var all: Set<InstallJournal.Entry> { Set(works.change { $0.keys }) }

    /// Those that take so long that they may never end.
    var hanging: Set<InstallJournal.Entry> {
        let since = Clock.boottime() - Self.hangingTime
        return Set(works.change { $0.filter { $0.value.since < since }.keys })
    }
}
