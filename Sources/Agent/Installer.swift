import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX

/// Puts sets of files in place: those of an issued certificate, rebuilt ones, the identity's pair.
///
/// Each set changes as one (``InstallTransaction``), and while it changes no reload command starts.
struct Installer: Sendable {
    private let gate: ReloadGate
    private let journal: InstallJournal
    private let log: Logger
    private let agent: FileAccess.Account
    private let seam: InstallSeam
    /// Entries of the journal that could not be closed, and are to be before their sets change again.
    private let open = Lock<[InstallJournal.Entry: OpenInstall]>([:])

    /// The entries that are being finished: each by one thread, and none beside one that has a file in common with it. In a
    /// directory that hangs that never ends.
    private let finishing = Monitor<[InstallJournal.Entry: Finishing]>([:])

    private struct Finishing: Sendable {
        var places: Set<FilePlace>
        var since: Duration
    }

    /// How long an entry is waited for that somebody else is finishing.
    private static let patience = Duration.seconds(5)
    /// What takes longer may go on for ever, and its files count as mixed.
    private static let hangingTime = Duration.seconds(1)

    /// The files of installs under way: no two of these have one in common. Under another name, or by another way, the same
    /// files may be those of two certificates.
    private let underWay = Monitor<Set<FilePlace>>([])

    /// What is not known of the journal: any set could have an entry there that is older than what is installed next.
    private let unread = Lock<UnreadJournal?>(nil)
    /// As the journal has them.
    private let identityPaths = Lock<Set<String>>([])

    fileprivate struct OpenInstall: Sendable {
        var subject: InstallSubject
        var places: Set<FilePlace>
        /// As an entry has them that was found at the start: its directories may be reached by another way by now.
        var paths: [String] = []
        /// The certificate of that name has other files by now.
        var isLeftBehind = false
        /// Some files are new and others old.
        var isMixed: Bool
        /// Why it could not be closed when that was last tried.
        var told: String?

        var mayBeIdentity: Bool { subject == .identity || subject == .unknown }

        func concerns(_ certificate: ManagedCertificate) -> Bool {
            (subject == .certificate(certificate.name.text) && !isLeftBehind)
                || certificate.outputs.paths.contains { places.contains(.written($0)) }
        }
    }

    /// `gate` is the one that reload commands are started through.
    init(
        gate: ReloadGate, journal: InstallJournal, log: Logger, agent: FileAccess.Account = .current,
        seam: InstallSeam = .none
    ) {
        self.gate = gate
        self.journal = journal
        self.log = log
        self.agent = agent
        self.seam = seam
    }

    /// Installs an issued certificate, together with its key unless that is installed already. What is odd
    /// about the outcome without being a failure is returned in words.
    func install(
        _ bundle: IssuedBundle, pendingKey: SecretBytes, for certificate: ManagedCertificate
    ) throws(RenewalFailure) -> [String] {
        let access = try OutputAccess(certificate.ownership)
        let outputs = certificate.outputs
        var files: [OutputFile] = []
        if bundle.key == .pending {
            files.append(OutputFile(path: outputs.key, contents: .secret(pendingKey), access: access.key))
        }
        for (path, pem) in [
            (outputs.cert, bundle.certificatePEM), (outputs.chain, bundle.chainPEM),
            (outputs.fullchain, bundle.fullchainPEM),
        ] {
            files.append(OutputFile(path: path, contents: .open(Array(pem.utf8)), access: access.open))
        }
        if let path = outputs.combined {
            let key = bundle.key == .pending ? pendingKey : try Self.installedKey(of: certificate)
            let contents = FileContents.combined(key: key, fullchain: Array(bundle.fullchainPEM.utf8))
            files.append(OutputFile(path: path, contents: contents, access: access.key))
        }
        return try install(
            files, of: .certificate(certificate.name.text), readBy: certificate.reload?.command)
    }

    /// Restores outputs from the files at hand.
    func rebuild(
        _ wanted: Set<Output>, of certificate: ManagedCertificate
    ) throws(RenewalFailure) -> [String] {
        let access = try OutputAccess(certificate.ownership)
        let rebuilt = CertificateFiles(reading: certificate.outputs).assessment.rebuilt
        var files: [OutputFile] = []
        for output in Output.allCases where wanted.contains(output) {
            // What has been restored by other hands since needs nothing more.
            guard let contents = rebuilt[output], let path = certificate.outputs[output] else { continue }
            files.append(
                OutputFile(
                    path: path, contents: contents, access: contents.isSecret ? access.key : access.open))
        }
        return try install(
            files, of: .certificate(certificate.name.text), readBy: certificate.reload?.command)
    }

    /// Installs a new identity: certificate (with its intermediates) and key.
    func installIdentity(
        certificatePEM: String, at certificatePath: String, key: SecretBytes, at keyPath: String,
        certificateMode: FileMode? = nil
    ) throws(RenewalFailure) -> [String] {
        try install(
            [
                OutputFile(path: keyPath, contents: .secret(key)),
                OutputFile(
                    path: certificatePath, contents: .open(Array(certificatePEM.utf8)),
                    access: FileAccess.Configured(mode: certificateMode)),
            ], of: .identity)
    }

    /// Fails as `installIdentity` would for want of a directory, of rights or of space, and changes nothing but that
    /// missing directories are made.
    func rehearseIdentity(at certificatePath: String, key keyPath: String) throws(RenewalFailure) {
        do {
            var transaction = InstallTransaction(
                subject: .identity, agent: agent, journal: journal, seam: seam)
            try transaction.stage(
                [keyPath, certificatePath].map { OutputFile(path: $0, contents: .open(Array("\n".utf8))) })
        } catch {
            throw error.failure
        }
    }

    /// `command` is the reload command of the service that reads the files, if one does.
    private func install(
        _ files: [OutputFile], of subject: InstallSubject, readBy command: String? = nil
    ) throws(RenewalFailure) -> [String] {
        let places = FilePlace.all(of: files.map(\.path))
        findPlaces(of: subject)
        let occupied = occupy(places)
        defer { underWay.change { $0.subtract(occupied) } }
        try requireReadJournal(stage: .install)
        try finishOpenInstalls(of: subject, at: places, stage: .install, givingUp: true)
        tryOpenInstallsElsewhere(of: subject, at: places)
        do {
            var transaction = InstallTransaction(subject: subject, agent: agent, journal: journal, seam: seam)
            try transaction.stage(files)
            try transaction.commit()
            try gate.withSection(of: command) { () throws(InstallFault) in
                do throws(InstallFault) { try transaction.rename() } catch {
                    // Before a reload command may start.
                    note(error, OpenInstall(subject: subject, places: places, isMixed: false))
                    throw error
                }
            }
            let settlement = transaction.settle()
            if let entry = settlement.openEntry {
                note(entry, OpenInstall(subject: subject, places: places, isMixed: false))
            }
            return settlement.reservations
        } catch {
            throw error.failure
        }
    }

    /// Notes what a fault has left open.
    private func note(_ fault: InstallFault, _ install: OpenInstall) {
        var install = install
        switch fault.remainder {
        case .old: break
        case .undecided(let entry): note(entry, install)
        case .mixed(_, let entry):
            install.isMixed = true
            note(entry, install)
        }
    }

    private func note(_ entry: InstallJournal.Entry?, _ install: OpenInstall) {
        if let entry { open.withLock { $0[entry] = install } }
    }

    /// Has these places to itself, and those of the open installs that have one of them: they are finished first. What was
    /// occupied is returned.
    private func occupy(_ places: Set<FilePlace>) -> Set<FilePlace> {
        underWay.wait { taken in
            let meeting = open.withLock { $0.values.map(\.places).filter { !$0.isDisjoint(with: places) } }
            let all = meeting.reduce(places) { $0.union($1) }
            guard taken.isDisjoint(with: all) else { return nil }
            taken.formUnion(all)
            return all
        } ?? []
    }

    /// What wasn't mounted at the start may be now.
    private func findPlaces(of subject: InstallSubject) {
        for (entry, install) in open.withLock({ $0 }) where install.subject == subject {
            let places = FilePlace.all(of: install.paths)
            open.withLock { $0[entry]?.places.formUnion(places) }
        }
    }

    /// What was decided earlier comes first: its recovery would else replace what is installed now.
    private func finishOpenInstalls(
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

    /// What the certificate's files were once holds up nobody: a service reads the new ones.
    private func tryOpenInstallsElsewhere(of subject: InstallSubject, at places: Set<FilePlace>) {
        for (entry, install) in open.withLock({ $0 })
        where install.subject == subject && install.places.isDisjoint(with: places) {
            if case .stuck = finishIfFree(entry, install, givingUp: true) {
                open.withLock { $0[entry]?.isLeftBehind = true }
            }
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
        guard takeInHand(entry, install.places) else {
            let obstacle = InstallRecovery.Obstacle(
                description: "it is being tried, and that does not end: a directory of its files hangs",
                isMixed: install.isMixed)
            return .stuck(entry, nil, because: obstacle)
        }
        defer { finishing.change { $0[entry] = nil } }
        guard open.withLock({ $0[entry] }) != nil else { return nil }
        let outcome = gate.withSection(of: nil) {
            InstallRecovery(journal: journal, log: log).recover(entry, givingUp: givingUp)
        }
        if case .stuck(_, let record, let obstacle) = outcome {
            if journal.holds(entry) {
                let known = record.map { openInstall(of: $0, isMixed: obstacle.isMixed) }
                open.withLock { open in
                    if open[entry]?.subject == .unknown, let known { open[entry] = known }
                    open[entry]?.isMixed = obstacle.isMixed
                }
                return outcome
            }
            // Another process has, before it changed the identity's pair.
            open.withLock { $0[entry] = nil }
            return nil
        }
        open.withLock { $0[entry] = nil }
        return outcome
    }

    private func takeInHand(_ entry: InstallJournal.Entry, _ places: Set<FilePlace>) -> Bool {
        let deadline = Clock.boottime() + Self.patience
        let isTaken = finishing.wait(until: deadline) { finishing -> Bool? in
            guard finishing[entry] == nil, finishing.values.allSatisfy({ $0.places.isDisjoint(with: places) })
            else { return nil }
            finishing[entry] = Finishing(places: places, since: Clock.boottime())
            return true
        }
        return isTaken ?? false
    }

    /// Entries whose finishing takes so long that it may never end.
    private var hanging: Set<InstallJournal.Entry> {
        let since = Clock.boottime() - Self.hangingTime
        return Set(finishing.change { $0.filter { $0.value.since < since }.keys })
    }

    /// What is open; what hangs counts as mixed.
    private var openNow: [OpenInstall] {
        let hanging = hanging
        return open.withLock { open in
            open.map { entry, install in
                var install = install
                if hanging.contains(entry) { install.isMixed = true }
                return install
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
                install.isLeftBehind = !obstacle.isHanging && !isTheirs(record)
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

    private func openInstall(
        of record: InstallRecord, isMixed: Bool, canLook: Bool = true
    ) -> OpenInstall {
        let isIdentity = record.isOfIdentity(at: identityPaths.withLock { $0 })
        let paths = record.files.map(\.path)
        return OpenInstall(
            subject: isIdentity ? .identity : .certificate(record.subject),
            places: canLook ? FilePlace.all(of: paths) : Set(paths.map(FilePlace.written)), paths: paths,
            isMixed: isMixed)
    }

    private func noteUnread(_ detail: String) {
        unread.withLock { $0 = UnreadJournal(since: $0?.since ?? .now, detail: detail) }
    }

    // MARK: A journal that can't be read

    /// Why nothing is installed; nil while everything is known that was decided before.
    var unreadJournal: UnreadJournal? { unread.withLock { $0 } }

    private func requireReadJournal(stage: Stage) throws(RenewalFailure) {
        guard let unreadJournal else { return }
        throw RenewalFailure(
            stage: stage, .stateDirectoryFailed,
            detail: "the install journal can't be read, and an older install in it would replace this one: "
                + unreadJournal.detail)
    }

    /// Looks again at a journal that could not be read: what it holds is known then, and finished before anything else is
    /// installed. Whether it could be listed.
    private func readJournalAgain() -> Bool {
        if unreadJournal == nil { return true }
        do throws(SystemError) {
            for entry in try journal.entries() where open.withLock({ $0[entry] }) == nil {
                switch journal.read(entry) {
                case .record(let record):
                    note(entry, openInstall(of: record, isMixed: true))
                case .damaged, .unreadable:
                    note(entry, OpenInstall(subject: .unknown, places: [], isMixed: true))
                }
            }
            return true
        } catch {
            noteUnread("\(error)")
            return false
        }
    }

    /// After each entry was tried again.
    private func forgetUnreadJournal(_ isListed: Bool) {
        if isListed, !open.withLock({ $0.values.contains { $0.subject == .unknown } }) {
            unread.withLock { $0 = nil }
        }
    }

    // MARK: What is open

    /// Of sets of which a service could read some files new and others old.
    var stuckSubjects: Set<String> {
        Set(openNow.filter(\.isMixed).map(\.subject.text))
    }

    /// Whose sets have an open entry.
    var openSubjects: Set<String> { open.withLock { Set($0.values.map(\.subject.text)) } }

    /// Whether anything is to be tried again that nobody is at work on.
    var hasOpenInstalls: Bool {
        let taken = Set(finishing.change { $0.keys })
        return unreadJournal != nil || open.withLock { $0.keys.contains { !taken.contains($0) } }
    }

    /// What is to be tried again may be the identity's.
    var mayHaveOpenIdentity: Bool {
        unreadJournal != nil || open.withLock { $0.values.contains(where: \.mayBeIdentity) }
    }

    /// Whether the files of this certificate are such a set, be it under another name. Told by names and paths alone: it is
    /// asked where nobody may wait for a disk.
    func isStuck(_ certificate: ManagedCertificate) -> Bool {
        openInstall(of: certificate)?.isMixed == true
    }

    /// What holds up an earlier install of these files, when that was last tried, and whether some are new and others old.
    func openInstall(of certificate: ManagedCertificate) -> (why: String, isMixed: Bool)? {
        let concerned = openNow.filter { $0.concerns(certificate) }
        return (concerned.first(where: \.isMixed) ?? concerned.first).map {
            ($0.told ?? "an earlier install is not finished", $0.isMixed)
        }
    }

    /// Fails when an earlier install has these files and can't be finished, or when it can't be told whether there is one:
    /// an order would be for nothing.
    func finishOpenInstalls(at outputs: OutputPaths, for name: CertificateName) throws(RenewalFailure) {
        try requireReadJournal(stage: .key)
        if openSubjects.isEmpty { return }
        let places = FilePlace.all(of: outputs.paths)
        findPlaces(of: .certificate(name.text))
        guard open.withLock({ $0.values.contains { !$0.places.isDisjoint(with: places) } }) else { return }
        let occupied = occupy(places)
        defer { underWay.change { $0.subtract(occupied) } }
        try finishOpenInstalls(of: .certificate(name.text), at: places, stage: .key, givingUp: false)
    }

    /// An install that is open no more.
    struct Ended: Sendable {
        var subject: String
        fileprivate var install: OpenInstall

        /// Also under another name: it may have got one since.
        func concerns(_ certificate: ManagedCertificate) -> Bool {
            subject == certificate.name.text || install.concerns(certificate)
        }
    }

    /// Tries again to finish or undo what is open, but not while somebody else may be at work on it: on the identity, or on
    /// one of the files. Whose files may have changed by that. The same trouble is told once.
    func retryOpenInstalls(sparingIdentity: Bool = false) -> [Ended] {
        var isListed = true
        if !sparingIdentity { isListed = readJournalAgain() }
        defer { forgetUnreadJournal(isListed && !sparingIdentity) }
        return open.withLock { $0 }.compactMap { entry, install in
            if sparingIdentity && install.mayBeIdentity { return nil }
            let outcome = finishIfFree(entry, install)
            guard case .stuck(_, let record, let obstacle) = outcome else {
                if open.withLock({ $0[entry] }) != nil { return nil }
                // Of an entry that could not be read at the start it is known only now.
                return Ended(subject: outcome?.subject ?? install.subject.text, install: install)
            }
            if record == nil, install.subject == .unknown { noteUnread(obstacle.description) }
            if obstacle.description != install.told {
                InstallRecovery(journal: journal, log: log).tell(stuck: entry, record, obstacle)
                open.withLock { $0[entry]?.told = obstacle.description }
            }
            return nil
        }
    }

    private static func installedKey(of certificate: ManagedCertificate) throws(RenewalFailure) -> SecretBytes
    {
        switch CertificateFiles.readKey(certificate.outputs.key) {
        case .present(let key): return key
        case .missing:
            throw RenewalFailure(
                stage: .install, .fileSystemError,
                detail: "\(certificate.outputs.key) has gone since the order")
        case .unreadable(let reason):
            throw RenewalFailure(
                stage: .install, .fileSystemError, detail: "\(certificate.outputs.key): \(reason)")
        }
    }
}
