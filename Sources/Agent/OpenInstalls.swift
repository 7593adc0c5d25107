import FoundationEssentials
import Lifecycle
import Log
import POSIX

/// Installs whose journal entries could not be closed. They are finished, or undone, before their files change again, and
/// while it isn't known which there are nothing is installed at all.
struct OpenInstalls: Sendable {
    private let gate: ReloadGate
    let journal: InstallJournal
    private let log: Logger
    let open = Lock<[InstallJournal.Entry: OpenInstall]>([:])
    let inHand = EntriesInHand()
    /// What is open no more, by whomever it was finished, and has been told to nobody yet.
    let untold = Lock<[OpenInstall.Ended]>([])

    /// The files of installs under way: no two of these have one in common. Under another name, or by another way, the same
    /// files may be those of two certificates.
    private let underWay = Monitor<Set<FilePlace>>([])

    /// What is not known of the journal: any set could have an entry there that is older than what is installed next.
    let unread = Lock<UnreadJournal?>(nil)
    /// As the journal has them.
    private let identityPaths = Lock<Set<String>>([])

    init(gate: ReloadGate, journal: InstallJournal, log: Logger) {
        self.gate = gate
        self.journal = journal
        self.log = log
    }

    /// Notes what a fault has left open.
    func note(_ fault: InstallFault, _ install: OpenInstall) {
        var install = install
        switch fault.remainder {
        case .old: break
        case .undecided(let entry): note(entry, install)
        case .mixed(_, let entry):
            install.isMixed = true
            note(entry, install)
        }
    }

    func note(_ entry: InstallJournal.Entry?, _ install: OpenInstall) {
        if let entry { open.withLock { $0[entry] = install } }
    }

    /// Has these places to itself, and those of the open installs that have one of them: they are finished first. What was
    /// occupied is returned.
    func occupy(_ places: Set<FilePlace>, for subject: InstallSubject) -> Set<FilePlace> {
        findPlaces(of: subject)
        return underWay.wait { taken in
            let meeting = open.withLock { $0.values.map(\.places).filter { !$0.isDisjoint(with: places) } }
            let all = meeting.reduce(places) { $0.union($1) }
            guard taken.isDisjoint(with: all) else { return nil }
            taken.formUnion(all)
            return all
        } ?? []
    }

    func release(_ occupied: Set<FilePlace>) { underWay.change { $0.subtract(occupied) } }

    /// What wasn't mounted at the start may be now.
    private func findPlaces(of subject: InstallSubject) {
        let hanging = inHand.hanging
        for (entry, install) in open.withLock({ $0 })
        where install.subject == subject && !hanging.contains(entry) {
            // They may not be the certificate's any more, and hang.
            guard let places = answer(within: .seconds(1), { FilePlace.all(of: install.paths) }) else {
                continue
            }
            open.withLock { $0[entry]?.places.formUnion(places) }
        }
    }

    /// What was decided earlier comes first: its recovery would else replace what is installed now. With the places occupied.
    func finishEarlier(of subject: InstallSubject, at places: Set<FilePlace>) throws(RenewalFailure) {
        try requireReadJournal(stage: .install)
        try finish(of: subject, at: places, stage: .install, givingUp: true)
        tryElsewhere(of: subject, at: places)
    }

    private func finish(
        of subject: InstallSubject, at places: Set<FilePlace>, stage: Stage, givingUp: Bool
    ) throws(RenewalFailure) {
        for (entry, install) in open.withLock({ $0 }) where !install.places.isDisjoint(with: places) {
            guard case .stuck(_, _, let obstacle) = finish(entry, givingUp: givingUp) else { continue }
            // It will be given up.
            if obstacle.isAbsence && !givingUp { continue }
            let whose =
                install.subject == subject
                ? "an earlier install"
                : "an install of '\(install.subject.text)' has the same files and"
            throw RenewalFailure(
                stage: stage, obstacle.isMixed ? .installStuck : .installOpen,
                detail: "\(whose) has to be finished first (\(journal.path(of: entry))): \(obstacle)")
        }
    }

    /// What the certificate's files were once holds up nobody, be it stuck, in another's hands or in a directory that
    /// hangs: a service reads the new ones.
    private func tryElsewhere(of subject: InstallSubject, at places: Set<FilePlace>) {
        for (entry, install) in open.withLock({ $0 })
        where install.subject == subject && install.places.isDisjoint(with: places) {
            _ = answer(within: .seconds(3)) { finishIfFree(entry, install, givingUp: true) }
            open.withLock { $0[entry]?.isLeftBehind = true }
        }
    }

    /// Finishes it unless an install is under way that has one of its files; nil then, too.
    private func finishIfFree(
        _ entry: InstallJournal.Entry, _ install: OpenInstall, givingUp: Bool = false
    ) -> InstallRecovery.Outcome? {
        let isFree = underWay.change { taken in
            guard taken.isDisjoint(with: install.places) else { return false }
            taken.formUnion(install.places)
            return true
        }
        guard isFree else { return nil }
        defer { underWay.change { $0.subtract(install.places) } }
        return finish(entry, givingUp: givingUp)
    }

    /// Nil if it has been finished meanwhile.
    private func finish(
        _ entry: InstallJournal.Entry, givingUp: Bool = false
    ) -> InstallRecovery.Outcome? {
        guard let install = open.withLock({ $0[entry] }) else { return nil }
        guard inHand.take(entry, install.places) else {
            let obstacle = InstallRecovery.Obstacle(
                description: "it is being tried, and that does not end: a directory of its files hangs",
                isMixed: install.isMixed)
            return .stuck(entry, nil, because: obstacle)
        }
        defer { inHand.release(entry) }
        guard open.withLock({ $0[entry] }) != nil else { return nil }
        let outcome = gate.withSection(of: nil) {
            InstallRecovery(journal: journal, log: log).recover(entry, givingUp: givingUp)
        }
        if case .stuck(_, let record, let obstacle) = outcome {
            if journal.holds(entry) {
                let isUnknown = install.subject == .unknown
                let known = isUnknown ? record.map { openInstall(of: $0, isMixed: obstacle.isMixed) } : nil
                open.withLock { open in
                    if let known, open[entry]?.subject == .unknown { open[entry] = known }
                    open[entry]?.isMixed = obstacle.isMixed
                }
                return outcome
            }
            // Another process has, before it changed the identity's pair.
            end(entry, install, as: install.subject.text)
            return nil
        }
        // Of an entry that could not be read at the start it is known only now.
        end(entry, install, as: outcome.subject ?? install.subject.text)
        return outcome
    }

    private func end(_ entry: InstallJournal.Entry, _ install: OpenInstall, as subject: String) {
        open.withLock { $0[entry] = nil }
        untold.withLock { $0.append(OpenInstall.Ended(subject: subject, install: install)) }
    }

    /// The set has been installed anew: who is told of that needs to hear of nothing before. But if it was elsewhere
    /// before, somebody else may have those files by now.
    func supersedeEnded(of subject: InstallSubject) {
        untold.withLock { untold in
            for index in untold.indices where untold[index].install.subject == subject {
                untold[index].isSuperseded = true
            }
        }
    }

    /// Takes on what was stuck already when the process started. `isTheirs`: whether the certificate of that name has these
    /// files still.
    func adopt(
        stuck found: [InstallRecovery.Outcome], identityPaths: Set<String> = [],
        isTheirs: (InstallRecord) -> Bool = { _ in true }
    ) {
        self.identityPaths.withLock { $0 = identityPaths }
        for outcome in found {
            switch outcome {
            case .stuck(let entry, let record?, let obstacle):
                var install = openInstall(
                    of: record, isMixed: obstacle.isMixed, canLook: !obstacle.isHanging)
                install.isLeftBehind = !isTheirs(record)
                install.told = obstacle.description
                note(entry, install)
            case .stuck(let entry, nil, let obstacle):
                note(
                    entry,
                    OpenInstall(subject: .unknown, places: [], isMixed: true, told: obstacle.description))
                noteUnread(obstacle.description)
            case .unlisted(let reason):
                unread.withLock { $0 = UnreadJournal(since: .now, detail: reason) }
            case .finished, .undone, .mixed, .damaged: break
            }
        }
    }

    func openInstall(
        of record: InstallRecord, isMixed: Bool, canLook: Bool = true
    ) -> OpenInstall {
        let isIdentity = record.isOfIdentity(at: identityPaths.withLock { $0 })
        let paths = record.files.map(\.path)
        let places = canLook ? answer(within: .seconds(3)) { FilePlace.all(of: paths) } : nil
        return OpenInstall(
            subject: isIdentity ? .identity : .certificate(record.subject),
            places: places ?? Set(paths.map(FilePlace.written)), paths: paths, isMixed: isMixed)
    }

    /// Fails when an earlier install has these files and can't be finished, or when it can't be told whether there is one:
    /// an order would be for nothing.
    func finish(at outputs: OutputPaths, for name: CertificateName) throws(RenewalFailure) {
        try requireReadJournal(stage: .key)
        if open.withLock(\.isEmpty) { return }
        let places = FilePlace.all(of: outputs.paths)
        let subject = InstallSubject.certificate(name.text)
        findPlaces(of: subject)
        guard open.withLock({ $0.values.contains { !$0.places.isDisjoint(with: places) } }) else { return }
        let occupied = occupy(places, for: subject)
        defer { release(occupied) }
        try finish(of: subject, at: places, stage: .key, givingUp: false)
    }

    /// Tries again to finish or undo what is open, but not while somebody else may be at work on it: on the identity, or on
    /// one of the files. What has ended since the last time is returned, whoever has finished it: its files may have
    /// changed by that. The same trouble is told once.
    ///
    /// `claim` runs its argument with the right to the identity's pair, or not at all. It has it no longer than that takes:
    /// what hangs in the directory of a certificate must keep nobody from the identity.
    func retry(claimingIdentity claim: (() -> Void) -> Void = { $0() }) -> [OpenInstall.Ended] {
        if mayHaveIdentity {
            claim {
                let isListed = readJournalAgain()
                tryAgain(\.mayBeIdentity)
                forgetUnreadJournal(isListed)
            }
        }
        tryAgain { !$0.mayBeIdentity }
        return untold.withLock { untold in
            defer { untold = [] }
            return untold
        }
    }

    private func tryAgain(_ isMeant: (OpenInstall) -> Bool) {
        for (entry, install) in open.withLock({ $0 }) where isMeant(install) {
            guard case .stuck(_, let record, let obstacle) = finishIfFree(entry, install) else { continue }
            if record == nil, install.subject == .unknown { noteUnread(obstacle.description) }
            if obstacle.description != install.told {
                InstallRecovery(journal: journal, log: log).tell(stuck: entry, record, obstacle)
                open.withLock { $0[entry]?.told = obstacle.description }
            }
        }
    }
}
