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
    private let agent: FileAccess.Account
    private let seam: InstallSeam
    /// What earlier installs have left undone; it comes first.
    let opened: OpenInstalls

    /// `gate` is the one that reload commands are started through.
    init(
        gate: ReloadGate, journal: InstallJournal, log: Logger, agent: FileAccess.Account = .current,
        seam: InstallSeam = .none
    ) {
        self.gate = gate
        self.journal = journal
        self.agent = agent
        self.seam = seam
        opened = OpenInstalls(gate: gate, journal: journal, log: log)
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
        let occupied = opened.occupy(places, for: subject)
        defer { opened.release(occupied) }
        try opened.finishEarlier(of: subject, at: places)
        do {
            var transaction = InstallTransaction(subject: subject, agent: agent, journal: journal, seam: seam)
            try transaction.stage(files)
            try transaction.commit()
            try gate.withSection(of: command) { () throws(InstallFault) in
                do throws(InstallFault) { try transaction.rename() } catch {
                    // Before a reload command may start.
                    opened.note(error, OpenInstall(subject: subject, places: places, isMixed: false))
                    throw error
                }
            }
            let settlement = transaction.settle()
            if let entry = settlement.openEntry {
                opened.note(entry, OpenInstall(subject: subject, places: places, isMixed: false))
            }
            opened.supersedeEnded(of: subject)
            return settlement.reservations
        } catch {
            throw error.failure
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
