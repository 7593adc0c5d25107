import Lifecycle
import Log
import PKI
import POSIX

/// Keeps, for each certificate, the key that was ordered for until its certificate is installed.
///
/// The broker's cache is keyed by the public key: a retry with the same key, after a lost answer or a
/// restart, can be a cache hit instead of a second order. The service's own key file is not touched
/// meanwhile, so a refused renewal leaves the old pair as it was.
struct PendingKeyStore: Sendable {
    private let directory: StateDirectory
    private let log: Logger

    init(directory: StateDirectory, log: Logger) {
        self.directory = directory
        self.log = log
    }

    /// The key to order for. On the disk when this returns.
    ///
    /// With `rotating` false the installed key, if it is of the right type; else the key that waits; else the
    /// key file's, if it lies there without a certificate; else a new one. A key file that can't be read is none of
    /// these, and fails: it may hold the very key that others have pinned.
    func take(
        for certificate: ManagedCertificate, found: FoundCertificate, rotating: Bool
    ) throws(RenewalFailure) -> PendingKey {
        if !rotating, let key = try installedKey(of: certificate) { return key }
        if let key = try waitingKey(of: certificate, found: found) { return key }
        if rotating, found.certificate == .missing, let key = try adoptedKey(of: certificate) { return key }
        return try newKey(for: certificate)
    }

    /// A key that waits under an earlier name of the certificate waits under this one from now on: the order that it was
    /// made for is this certificate's.
    func takeOver(from formerNames: [CertificateName], by name: CertificateName) throws(RenewalFailure) {
        do {
            if formerNames.isEmpty { return }
            if try directory.pendingKeys.status(Self.fileName(name)) != nil { return }
            for former in formerNames where try directory.pendingKeys.status(Self.fileName(former)) != nil {
                try directory.pendingKeys.rename(Self.fileName(former), to: Self.fileName(name))
                try directory.pendingKeys.synchronize()
                log.info(
                    "pending key taken over from the certificate's earlier name",
                    ["certificate": .string(name.text), "earlier": .string(former.text)])
                return
            }
        } catch {
            throw Self.failure(error)
        }
    }

    /// Throws the waiting key away: the broker goes on answering it with something that can't be used.
    func retire(_ name: CertificateName) throws(RenewalFailure) {
        try remove(name)
    }

    /// The key's certificate is installed, and so is the key. A key file that can't be removed does no harm:
    /// the next `take` sees that it is installed.
    func installed(_ name: CertificateName) {
        do {
            try remove(name)
        } catch {
            log.warn(
                "pending key stays after its install",
                ["certificate": .string(name.text), "error": .string(error.detail)])
        }
    }

    /// The certificate is managed no more, and hasn't been for long.
    func forget(_ name: CertificateName) throws(SystemError) {
        guard try directory.pendingKeys.unlinkIfPresent(Self.fileName(name)) else { return }
        try directory.pendingKeys.synchronize()
    }

    /// The certificates that have a key here, managed or not.
    func names() -> Set<CertificateName> {
        directory.names(in: directory.pendingKeys, suffix: Self.suffix, log)
    }

    private static let suffix = ".key"

    private static func fileName(_ name: CertificateName) -> String { name.fileName + suffix }

    private static let longest = 64 << 10

    // MARK: The four sources

    private func installedKey(of certificate: ManagedCertificate) throws(RenewalFailure) -> PendingKey? {
        let path = certificate.outputs.key
        let file: (contents: SecretBytes, doubt: String?)
        do throws(PathError) { file = try KeyFileTrust.read(path, for: .keeping) } catch {
            if Self.isNoKey(error) { return nil }
            throw Self.unreadable(error)
        }
        return trusted(file, of: certificate, origin: .installed)
    }

    /// The key, if it is of the right type and nobody else can have planted it.
    private func trusted(
        _ file: (contents: SecretBytes, doubt: String?), of certificate: ManagedCertificate,
        origin: PendingKey.Origin
    ) -> PendingKey? {
        guard let key = Self.key(in: file.contents, of: certificate.keyType, origin: origin) else {
            return nil
        }
        guard let doubt = file.doubt else { return key }
        log.warn(
            "service key is not taken over",
            [
                "certificate": .string(certificate.name.text), "key": .string(certificate.outputs.key),
                "reason": .string(doubt),
            ])
        return nil
    }

    /// Whether there is no file, or none that could be a key's.
    private static func isNoKey(_ error: PathError) -> Bool {
        guard case .system(let error) = error else { return false }
        return [.notFound, .fileTooLarge].contains(error.errno)
    }

    private static func unreadable(_ error: PathError) -> RenewalFailure {
        let isTransient: Bool? = if case .system = error { true } else { nil }
        return RenewalFailure(
            stage: .key, FailureClass(error), detail: "the service's key can't be read: \(error)",
            isTransient: isTransient)
    }

    private func waitingKey(
        of certificate: ManagedCertificate, found: FoundCertificate
    ) throws(RenewalFailure) -> PendingKey? {
        let file = Self.fileName(certificate.name)
        let pem: SecretBytes
        let publicKey: PublicKey
        do {
            var bytes = try directory.pendingKeys.openFile(file).readToEnd(limit: Self.longest)
            pem = SecretBytes(wiping: &bytes)
            publicKey = try PrivateKey(pem: pem).publicKey
        } catch let error as SystemError where error.errno == .notFound {
            return nil
        } catch let error as SystemError where StateDirectory.passing.contains(error.errno) {
            // It may be an order's: without it the retry would be a second one.
            throw Self.failure(error)
        } catch {
            setAside(file, of: certificate.name, because: "\(error)")
            return nil
        }
        // The agent died between the install and its note of it: to take this key again would be no rotation.
        if publicKey.spkiSHA256 == found.installed?.spkiSHA256, found.key == .matches { return nil }
        guard let key = Self.key(in: pem, of: certificate.keyType, origin: .waiting) else {
            log.info(
                "pending key is of another type than wanted and is replaced",
                [
                    "certificate": .string(certificate.name.text),
                    "type": .string(publicKey.algorithmDescription),
                ])
            return nil
        }
        return key
    }

    private func adoptedKey(of certificate: ManagedCertificate) throws(RenewalFailure) -> PendingKey? {
        let path = certificate.outputs.key
        let file: (contents: SecretBytes, doubt: String?)
        do throws(PathError) { file = try KeyFileTrust.read(path, for: .adopting) } catch {
            if case .system(let error) = error, StateDirectory.passing.contains(error.errno) {
                throw Self.unreadable(.system(error))
            }
            // What is no key, or not of the wanted type, is replaced by the install, if it can be.
            return nil
        }
        guard let key = trusted(file, of: certificate, origin: .adopted) else { return nil }
        try store(file.contents, for: certificate.name)
        log.info(
            "service key taken over",
            ["certificate": .string(certificate.name.text), "key": .string(path)])
        return key
    }

    private func newKey(for certificate: ManagedCertificate) throws(RenewalFailure) -> PendingKey {
        let key = try Self.generate(certificate.keyType)
        try store(key.pem, for: certificate.name)
        return key
    }

    private static func generate(_ type: KeyType) throws(RenewalFailure) -> PendingKey {
        do {
            let key = try PrivateKey.generate(type.algorithm)
            let pem = try key.pkcs8PEM()
            return PendingKey(key, pem: pem, origin: .made)
        } catch {
            throw RenewalFailure(stage: .key, .keyGenerationFailed, detail: error.description)
        }
    }

    /// `nil` for what is no key, or one of another type: such a key is not worth keeping.
    private static func key(in pem: SecretBytes, of type: KeyType, origin: PendingKey.Origin) -> PendingKey? {
        do {
            let key = try PrivateKey(pem: pem)
            guard key.algorithm == type.algorithm else { return nil }
            return PendingKey(key, pem: pem, origin: origin)
        } catch {
            return nil
        }
    }

    // MARK: The directory

    private func store(_ pem: SecretBytes, for name: CertificateName) throws(RenewalFailure) {
        do {
            let staged = try StagedFile.create(
                in: directory.pendingKeys, replacing: Self.fileName(name), mode: 0o600)
            try pem.withBytes { (bytes) throws(SystemError) in try staged.write(bytes) }
            try staged.synchronize()
            try staged.commit()
            try directory.pendingKeys.synchronize()
        } catch {
            throw Self.failure(error)
        }
    }

    private func remove(_ name: CertificateName) throws(RenewalFailure) {
        do { try forget(name) } catch { throw Self.failure(error) }
    }

    private func setAside(_ file: String, of name: CertificateName, because reason: String) {
        var attributes: LogAttributes = ["certificate": .string(name.text), "error": .string(reason)]
        do {
            attributes.append(
                "kept_as", .string(try StateDirectory.setAside(file, in: directory.pendingKeys)))
        } catch {
            attributes.append("not_set_aside", .string(error.description))
        }
        log.error("pending key is damaged and a new one is made", attributes)
    }

    private static func failure(_ error: SystemError) -> RenewalFailure {
        RenewalFailure(stage: .key, .stateDirectoryFailed, detail: error.description)
    }
}
