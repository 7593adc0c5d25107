public import Configuration
import Lifecycle
public import Log
import POSIX

/// Puts a host's files in order after a crash: installs that had been decided are finished (or undone, if a new file
/// is missing), what was only staged is to be removed. Needs no network, orders nothing, runs no reload command.
///
/// Only under the lock of the running agent.
struct HostRecovery {
    let settings: AgentConfiguration
    let state: StateDirectory
    let log: Logger
    var seam: InstallSeam = .none

    /// So many directories of earlier configurations are kept in mind while they are missing.
    private static let mostMissing = 4096

    /// Under the lock of an enrolment too. `advanced` is called after each step: a host with many entries shows that it
    /// gets on.
    ///
    /// The sweep of the outputs' directories is returned: it may run beside everything else, and need not be waited for.
    func run(_ advanced: () -> Void = {}) -> (outcomes: [InstallRecovery.Outcome], sweep: PlacesSweep?) {
        let places = StagingPlaces(state: state, log: log)
        let wanted = settings.outputDirectories
        let known = places.add(wanted)
        let outcomes = recover(advanced)
        if case .unlisted? = outcomes.first { return (outcomes, nil) }
        var sweep = StagingSweep(tag: state.stagingTag, log: log)
        sweep.sweepRecords(of: state)
        // What a damaged entry needs can't be told either, and may yet be put in place by hand.
        if let damaged = state.damagedEntry {
            log.warn(
                "staged files are kept beside a damaged journal entry",
                [
                    "journal": .string(damaged),
                    "advice": "Once key and certificate of each service match, remove that file.",
                ])
            return (outcomes, nil)
        }
        for case .stuck(_, let record, _) in outcomes {
            // What an entry needs that can't be read is not known: better nothing is swept than that.
            guard let record else { return (outcomes, nil) }
            for file in record.files {
                sweep.kept.formUnion([file.stagedName] + (file.oldName.map { [$0] } ?? []))
            }
        }
        sweep.sweepJournal(of: state)
        do { try state.beginGeneration() } catch {
            // What is staged from now on could not be told from what is left.
            log.warn(
                "staged files could not be removed",
                ["path": .string(state.path), "error": .string(error.description)])
            return (outcomes, nil)
        }
        sweep.current = state.stagingMark
        // Those that the configuration names no more are swept once again, and let go of.
        let left = known.subtracting(wanted).sorted()
        sweep.keepsMissing = left.count <= Self.mostMissing
        places.beginLettingGo()
        let all = { @Sendable [settings] in
            settings.outputPlaces + left.map { PlacesSweep.Place(directory: $0, paths: [$0 + "/x"]) }
        }
        return (outcomes, PlacesSweep(all, sweep) { places.letGo($0.intersection(left)) })
    }

    /// While an enrolment is under way: it may be staging a pair that its token can't buy again, so nothing is swept,
    /// and an install of the identity is its own. No service can wait with its files for the end of that.
    func runBesideEnrolment(_ advanced: () -> Void = {}) -> [InstallRecovery.Outcome] {
        StagingPlaces(state: state, log: log).add(settings)
        let identityPaths = settings.identity.journalPaths
        return recover(sparing: { $0.isOfIdentity(at: identityPaths) }, advanced)
    }

    /// If the journal can't be listed that is the only outcome: what its installs need is not known then.
    private func recover(
        sparing isBusy: ((InstallRecord) -> Bool)? = nil, _ advanced: () -> Void
    ) -> [InstallRecovery.Outcome] {
        do {
            let wanted = WantedFiles(settings)
            return try InstallRecovery(
                journal: InstallJournal(state, seam: seam), log: log,
                retention: { wanted.hasFiles(of: $0) ? nil : LifecycleSettings(settings).recordRetention }
            ).run(sparing: isBusy, advanced)
        } catch {
            log.error(
                "install journal can't be read",
                ["error": .string("\(error)"), "advice": .string(FailureClass.stateDirectoryFailed.advice)])
            return [.unlisted(because: "\(error)")]
        }
    }
}

/// What the configuration has installed. Worked out when it is first asked for, which mostly it isn't.
private final class WantedFiles {
    private let settings: AgentConfiguration
    private lazy var names = Set(settings.certificates.map(\.name.text))
    /// Nil where a directory hangs.
    private lazy var places = answer(within: .seconds(5)) { [settings] in
        FilePlace.all(of: settings.outputPaths)
    }

    init(_ settings: AgentConfiguration) { self.settings = settings }

    /// A certificate of that name will be installed anew, or one with these files; or they are the identity's.
    func hasFiles(of record: InstallRecord) -> Bool {
        if record.isIdentity != true, names.contains(record.subject) { return true }
        // What can't be told is given up by nobody.
        guard let places else { return true }
        return !places.isDisjoint(with: FilePlace.all(of: record.files.map(\.path)))
    }
}

extension AgentConfiguration {
    /// Whether the certificate of that name, if there is one, has these files, and none elsewhere; or where it has them
    /// hangs.
    func hasFiles(of record: InstallRecord) -> Bool {
        guard !record.files.isEmpty,
            let wanted = certificates.first(where: { $0.name.text == record.subject })
        else { return true }
        let paths = wanted.outputs.paths
        if record.files.contains(where: { paths.contains($0.path) }) { return true }
        guard let theirs = answer(within: .seconds(3), { FilePlace.all(of: paths) }) else { return true }
        let byDirectory = Dictionary(grouping: record.files.map(\.path)) { path in
            path.splitAtLastSlash?.parent ?? path
        }
        return byDirectory.values.contains { paths in
            // What hangs is none of those that have answered.
            let places = answer(within: .seconds(1)) { FilePlace.all(of: paths) }
            return places.map { !$0.isDisjoint(with: theirs) } ?? false
        }
    }
}

/// The command `recover`.
public enum Recovery {
    /// What was done, and whether anything is left to do.
    public struct Report: Sendable {
        public var finished: [String] = []
        public var undone: [String] = []
        /// Neither the old set nor the new one could be made whole.
        public var mixed: [String] = []
        public var stuck: [String] = []
        public var hasDamagedEntries = false
        /// What was left is not known.
        public var isJournalUnread = false
        /// Directories that hang: what was left staged there stays.
        public var unanswered: [String] = []

        /// Every set is whole.
        public var isComplete: Bool {
            mixed.isEmpty && stuck.isEmpty && !hasDamagedEntries && !isJournalUnread
        }

        /// One line for each set that was put in order.
        public var lines: [String] {
            let done = finished.map { "finished: \($0)" } + undone.map { "undone: \($0)" }
            return done.isEmpty && isComplete ? ["Nothing was left unfinished."] : done
        }
    }

    /// Takes the locks, so that no agent and no enrolment is at work meanwhile. Where no agent has ever run there is
    /// nothing to do, and nothing is made.
    public static func run(_ configuration: AgentConfiguration, log: Logger) throws(StartFailure) -> Report {
        let path = configuration.stateDirectory
        do throws(SystemError) {
            if try File.status(path) == nil { return Report() }
        } catch {
            throw .stateDirectory(path: path, error)
        }
        let state = try StateDirectory.prepared(configuration, log)
        let running = try state.locked(.running)
        let enrolling = try state.locked(.enrolling)
        var report = Report()
        let (outcomes, sweep) = HostRecovery(settings: configuration, state: state, log: log).run()
        report.unanswered = sweep?.run() ?? []
        for outcome in outcomes {
            switch outcome {
            case .finished(let subject): report.finished.append(subject)
            case .undone(let subject): report.undone.append(subject)
            case .mixed(let subject, _): report.mixed.append(subject)
            case .stuck(let entry, let record, _): report.stuck.append(record?.subject ?? entry.name)
            case .damaged: report.hasDamagedEntries = true
            case .unlisted: report.isJournalUnread = true
            }
        }
        _ = consume running
        _ = consume enrolling
        return report
    }
}

extension StateDirectory {
    /// Takes a lock, or says who holds it.
    func locked(_ activity: Activity) throws(StartFailure) -> FileLock {
        do { return try lock(activity) } catch {
            switch error {
            case .held(let holder): throw .locked(path: path, holder: holder)
            case .system(let error): throw .stateDirectory(path: path, error)
            }
        }
    }
}
