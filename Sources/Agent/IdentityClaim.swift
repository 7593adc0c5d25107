import Configuration
import Lifecycle
import Log
import POSIX

/// The right to change the identity's pair: no other enrolment, renewal or recovery has it meanwhile, in whatever
/// process.
///
/// With it comes the end of what had been decided before. An open entry of the journal would, at the next start, put an
/// older pair over the one that is installed now.
///
/// Whoever needs the running agent's lock besides has that first. Nobody waits for either, and a process that dies lets
/// go of both.
struct IdentityClaim: ~Copyable {
    private let lock: FileLock

    static func take(
        _ settings: IdentitySettings, in state: StateDirectory, log: Logger
    ) throws(RenewalFailure) -> IdentityClaim {
        let claim = IdentityClaim(lock: try lock(state))
        try finishOpenInstalls(settings, InstallJournal(state), log, givingUp: false)
        return claim
    }

    /// Just before another pair is installed, under the claim. What lies in directories that are missing is given up no
    /// earlier: it may be all that a spent token has bought.
    static func giveUpAbsentInstalls(
        _ settings: IdentitySettings, in state: StateDirectory, log: Logger
    ) throws(RenewalFailure) {
        try finishOpenInstalls(settings, InstallJournal(state), log, givingUp: true)
    }

    private static func lock(_ state: StateDirectory) throws(RenewalFailure) -> FileLock {
        do { return try state.lock(.enrolling) } catch {
            switch error {
            case .held:
                throw RenewalFailure(
                    stage: .key, .identityBusy,
                    detail: "another enrolment is under way, or a renewal of the identity: \(error)")
            case .system(let error):
                throw RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "\(error)")
            }
        }
    }

    private static func finishOpenInstalls(
        _ settings: IdentitySettings, _ journal: InstallJournal, _ log: Logger, givingUp: Bool
    ) throws(RenewalFailure) {
        let entries: [InstallJournal.Entry]
        do { entries = try journal.entries() } catch {
            throw RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "\(error)")
        }
        let targets = settings.journalPaths
        for entry in entries {
            switch journal.read(entry) {
            case .record(let record) where record.isOfIdentity(at: targets):
                guard record.files.contains(where: { targets.contains($0.path) }) else { continue }
                let outcome = InstallRecovery(journal: journal, log: log).recover(entry, givingUp: givingUp)
                if case .stuck(_, _, let obstacle) = outcome, givingUp || !obstacle.isAbsence {
                    throw unfinished(entry, journal, .installStuck, obstacle.description)
                }
            case .record, .damaged: continue
            case .unreadable(let error) where error.errno == .notFound:
                // The running agent has closed it just now.
                continue
            case .unreadable(let error):
                // It may be the identity's.
                throw unfinished(entry, journal, .stateDirectoryFailed, "\(error)")
            }
        }
    }

    private static func unfinished(
        _ entry: InstallJournal.Entry, _ journal: InstallJournal, _ failureClass: FailureClass,
        _ reason: String
    ) -> RenewalFailure {
        RenewalFailure(
            stage: .install, failureClass,
            detail: "an earlier install has to be finished first (\(journal.path(of: entry))): \(reason)")
    }
}

extension IdentitySettings {
    /// The paths of its pair, as the journal has them. A path that leads nowhere can't have been installed to.
    var journalPaths: Set<String> {
        Set([certificatePath, keyPath].map { path in (try? SafePath.resolve(path).path) ?? path })
    }
}
