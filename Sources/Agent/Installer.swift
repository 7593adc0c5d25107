import Lifecycle
import Log
import PKI
import POSIX

/// Puts sets of files in place: those of an issued certificate, rebuilt ones, the identity's pair.
///
/// Each set changes as one (``InstallTransaction``), and while it changes no reload command starts.
struct Installer: Sendable {
    /// Whose installs those of the identity's pair are.
    static let identitySubject = "identity"
    /// Whose an entry is that can't be read.
    static let unknownSubject = ""

    private let gate: ReloadGate
    private let journal: InstallJournal
    private let log: Logger
    private let agent: FileAccess.Account
    private let seam: InstallSeam
    /// Entries of the journal that could not be closed, and are to be before their sets change again.
    private let open = Lock<[InstallJournal.Entry: OpenInstall]>([:])

    /// One recovery at a time: a worker may want an entry finished that the engine is trying again.
    private let finishing = Lock(())

    /// The files of installs under way: no two of these have one in common. Under another name, or by another way, the same
    /// files may be those of two certificates.
    private let underWay = Monitor<Set<FilePlace>>([])

    private struct OpenInstall: Sendable {
        var subject: String
        var places: Set<FilePlace>
        /// Some files are new and others old.
        var isMixed: Bool
        /// Why it could not be closed when that was last tried.
        var told: String?
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
        return try install(files, of: certificate.name.text, readBy: certificate.reload?.command)
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
        return try install(files, of: certificate.name.text, readBy: certificate.reload?.command)
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
            ], of: Self.identitySubject)
    }

    /// Fails as `installIdentity` would for want of a directory, of rights or of space, and changes nothing but that
    /// missing directories are made.
    func rehearseIdentity(at certificatePath: String, key keyPath: String) throws(RenewalFailure) {
        do {
            var transaction = InstallTransaction(
                subject: Self.identitySubject, agent: agent, journal: journal, seam: seam)
            try transaction.stage(
                [keyPath, certificatePath].map { OutputFile(path: $0, contents: .open(Array("\n".utf8))) })
        } catch {
            throw error.failure
        }
    }

    /// `command` is the reload command of the service that reads the files, if one does.
    private func install(
        _ files: [OutputFile], of subject: String, readBy command: String? = nil
    ) throws(RenewalFailure) -> [String] {
        let places = FilePlace.all(of: files.map(\.path))
        underWay.wait { $0.isDisjoint(with: places) ? $0.formUnion(places) : nil }
        defer { underWay.change { $0.subtract(places) } }
        try finishOpenInstall(of: subject, at: places)
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

    /// What was decided earlier comes first: its recovery would else replace what is installed now.
    private func finishOpenInstall(
        of subject: String, at places: Set<FilePlace>
    ) throws(RenewalFailure) {
        for (entry, install) in open.withLock({ $0 })
        where install.subject == subject || !install.places.isDisjoint(with: places) {
            guard case .stuck(_, _, let obstacle) = finish(entry, givingUp: true) else { continue }
            throw RenewalFailure(
                stage: .install, obstacle.isMixed ? .installStuck : .fileSystemError,
                detail:
                    "an earlier install has to be finished first (\(journal.path(of: entry))): \(obstacle)")
        }
    }

    /// Nil if it has been finished meanwhile.
    private func finish(
        _ entry: InstallJournal.Entry, givingUp: Bool = false
    ) -> InstallRecovery.Outcome? {
        finishing.withLock { _ in
            guard open.withLock({ $0[entry] }) != nil else { return nil }
            let outcome = gate.withSection(of: nil) {
                InstallRecovery(journal: journal, log: log).recover(entry, givingUp: givingUp)
            }
            if case .stuck(_, _, let obstacle) = outcome {
                if journal.holds(entry) {
                    open.withLock { $0[entry]?.isMixed = obstacle.isMixed }
                    return outcome
                }
                // Another process has, before it changed the identity's pair.
                open.withLock { $0[entry] = nil }
                return nil
            }
            open.withLock { $0[entry] = nil }
            return outcome
        }
    }

    /// Takes on what was stuck already when the process started.
    func adopt(stuck found: [InstallRecovery.Outcome]) {
        for case .stuck(let entry, let record, let obstacle) in found {
            note(
                entry,
                OpenInstall(
                    subject: record?.subject ?? Self.unknownSubject,
                    places: FilePlace.all(of: record?.files.map(\.path) ?? []), isMixed: obstacle.isMixed,
                    told: obstacle.description))
        }
    }

    /// The subjects of sets of which a service could read some files new and others old.
    var stuckSubjects: Set<String> {
        open.withLock { open in Set(open.values.filter(\.isMixed).map(\.subject)) }
    }

    /// Whether the files of this certificate are such a set, be it under another name. Told by names and paths alone: it is
    /// asked where nobody may wait for a disk.
    func isStuck(_ certificate: ManagedCertificate) -> Bool { stuckInstall(of: certificate) != nil }

    /// What holds up the install of such a set, when that was last tried.
    func whyStuck(_ certificate: ManagedCertificate) -> String? {
        stuckInstall(of: certificate).map { $0.told ?? "an earlier install is not finished" }
    }

    private func stuckInstall(of certificate: ManagedCertificate) -> OpenInstall? {
        open.withLock { open in
            open.values.first { $0.isMixed && Self.concerns(certificate, $0.subject, $0.places) }
        }
    }

    private static func concerns(
        _ certificate: ManagedCertificate, _ subject: String, _ places: Set<FilePlace>
    ) -> Bool {
        subject == certificate.name.text
            || certificate.outputs.paths.contains { places.contains(.written($0)) }
    }

    /// Fails when an install of others' has these files and can't be finished: an order would be for nothing.
    func finishForeignInstall(at outputs: OutputPaths, for name: CertificateName) throws(RenewalFailure) {
        if openSubjects.isEmpty { return }
        let places = FilePlace.all(of: outputs.paths)
        for (entry, install) in open.withLock({ $0 })
        where install.subject != name.text && !install.places.isDisjoint(with: places) {
            guard case .stuck(_, _, let obstacle) = finish(entry), !obstacle.isAbsence else { continue }
            throw RenewalFailure(
                stage: .key, .installStuck,
                detail: "an install of '\(install.subject)' has the same files and has to be finished first"
                    + " (\(journal.path(of: entry))): \(obstacle)")
        }
    }

    /// Whose sets have an open entry.
    var openSubjects: Set<String> { open.withLock { Set($0.values.map(\.subject)) } }

    /// An install that is open no more.
    struct Ended: Sendable {
        var subject: String
        fileprivate var places: Set<FilePlace>

        /// Also under another name: it may have got one since.
        func concerns(_ certificate: ManagedCertificate) -> Bool {
            Installer.concerns(certificate, subject, places)
        }
    }

    /// Tries again to finish or undo what is open, but nothing of the subjects that somebody else may be at work on.
    /// Whose files may have changed by that. The same trouble is told once.
    func retryOpenInstalls(sparing busy: Set<String> = []) -> [Ended] {
        open.withLock { $0 }.compactMap { entry, install in
            if busy.contains(install.subject) { return nil }
            let outcome = finish(entry)
            guard case .stuck(_, let record, let obstacle) = outcome else {
                // Of an entry that could not be read at the start it is known only now.
                return Ended(subject: outcome?.subject ?? install.subject, places: install.places)
            }
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
