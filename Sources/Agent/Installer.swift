import Lifecycle
import Log
import PKI
import POSIX

/// Puts sets of files in place: those of an issued certificate, rebuilt ones, the identity's pair.
///
/// Each set changes as one (``InstallTransaction``), and while it changes no reload command runs.
struct Installer: Sendable {
    private let gate: Gate
    private let journal: InstallJournal
    private let agent: FileAccess.Account
    private let seam: InstallSeam
    /// Sets that could be neither installed nor put back, by their journal's entries.
    private let stuck = Lock<[InstallJournal.Entry: String]>([:])

    /// `gate` is the one that reload commands are passed through alone.
    init(
        gate: Gate, journal: InstallJournal, agent: FileAccess.Account = .current, seam: InstallSeam = .none
    ) {
        self.gate = gate
        self.journal = journal
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
        return try install(files, of: certificate.name.text)
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
        return try install(files, of: certificate.name.text)
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
            ], of: "identity")
    }

    /// Fails as `installIdentity` would for want of a directory, of rights or of space, and changes nothing but that
    /// missing directories are made.
    func rehearseIdentity(at certificatePath: String, key keyPath: String) throws(RenewalFailure) {
        do {
            var transaction = InstallTransaction(
                subject: "identity", agent: agent, journal: journal, seam: seam)
            try transaction.stage(
                [keyPath, certificatePath].map { OutputFile(path: $0, contents: .open(Array("\n".utf8))) })
        } catch {
            throw error.failure
        }
    }

    private func install(_ files: [OutputFile], of subject: String) throws(RenewalFailure) -> [String] {
        do {
            var transaction = InstallTransaction(subject: subject, agent: agent, journal: journal, seam: seam)
            try transaction.stage(files)
            try transaction.commit()
            try gate.withShared { () throws(InstallFault) in try transaction.rename() }
            return transaction.settle()
        } catch {
            if case .mixed(_, let entry?) = error.remainder { stuck.withLock { $0[entry] = subject } }
            throw error.failure
        }
    }

    /// Takes on what was stuck already when the process started.
    func adopt(stuck found: [InstallRecovery.Outcome]) {
        stuck.withLock { stuck in
            for case .stuck(let entry, let record) in found { stuck[entry] = record?.subject ?? "" }
        }
    }

    /// The subjects of sets of which a service could read some files new and others old.
    var stuckSubjects: Set<String> { stuck.withLock { Set($0.values) } }

    /// Tries again to finish or undo what is stuck. The subjects that are stuck no more.
    func retryStuckInstalls(log: Logger) -> [String] {
        let recovery = InstallRecovery(journal: journal, log: log)
        return stuck.withLock { $0 }.compactMap { entry, subject in
            if case .stuck = gate.withShared({ recovery.recover(entry) }) { return nil }
            stuck.withLock { $0[entry] = nil }
            return subject
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
