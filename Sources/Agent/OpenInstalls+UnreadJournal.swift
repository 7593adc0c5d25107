import FoundationEssentials
import Lifecycle
import POSIX

// A journal that can't be read: any set could have an entry there that is older than what is installed next.
extension OpenInstalls {
    /// Why nothing is installed; nil while everything is known that was decided before.
    var unreadJournal: UnreadJournal? { unread.withLock { $0 } }

    func requireReadJournal(stage: Stage) throws(RenewalFailure) {
        guard let unreadJournal else { return }
        throw RenewalFailure(
            stage: stage, .stateDirectoryFailed,
            detail: "the install journal can't be read, and an older install in it would replace this one: "
                + unreadJournal.detail)
    }

    /// Looks again at a journal that could not be read: what it holds is known then, and finished before anything else is
    /// installed. Whether it could be listed.
    func readJournalAgain() -> Bool {
        if unreadJournal == nil { return true }
        do throws(SystemError) {
            for entry in try journal.entries() {
                let known = open.withLock { $0[entry] }
                if let known, known.subject != .unknown { continue }
                switch journal.read(entry) {
                case .record(let record):
                    note(entry, openInstall(of: record, isMixed: true))
                case .damaged, .unreadable:
                    if known == nil {
                        note(entry, OpenInstall(subject: .unknown, places: [], isMixed: true))
                    }
                }
            }
            return true
        } catch {
            noteUnread("\(error)")
            return false
        }
    }

    /// After each entry was tried again.
    func forgetUnreadJournal(_ isListed: Bool) {
        if isListed, !open.withLock({ $0.values.contains { $0.subject == .unknown } }) {
            unread.withLock { $0 = nil }
        }
    }

    func noteUnread(_ detail: String) {
        unread.withLock { $0 = UnreadJournal(since: $0?.since ?? .now, detail: detail) }
    }
}
