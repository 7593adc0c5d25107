import Lifecycle
import PKI

/// What the files of a certificate are worth together: whether the key fits, which outputs are missing or
/// differ, and what of them the others can restore.
struct FilesAssessment: Sendable {
    let found: FoundCertificate
    /// The SHA-256 of the public key in the key file, if one can be read there.
    let keySPKI: String?
    /// The contents of ``FoundCertificate/rebuildable``.
    let rebuilt: [Output: FileContents]
}

extension CertificateFiles {
    /// Pure: the same files give the same answer.
    var assessment: FilesAssessment {
        let keyFile = key.publicKey
        switch cert.leaf {
        case .missing: return withoutLeaf(.missing, keyFile)
        case .unreadable(let reason): return withoutLeaf(.unreadable(reason), keyFile)
        case .present(let leaf):
            let foundKey: FoundKey =
                switch keyFile {
                case .missing: .missing
                case .unreadable(let reason): .unreadable(reason)
                case .present(let publicKey): leaf.matches(publicKey) ? .matches : .mismatch
                }
            let outputs = OutputComparison(files: self, leaf: leaf, keyMatches: foundKey == .matches)
            return FilesAssessment(
                found: FoundCertificate(
                    certificate: .installed(InstalledCertificate(leaf)), key: foundKey,
                    rebuildable: Set(outputs.rebuilt.keys), lost: outputs.lost),
                keySPKI: keyFile.content?.spkiSHA256, rebuilt: outputs.rebuilt)
        }
    }

    private func withoutLeaf(_ leaf: FoundLeaf, _ keyFile: FileReading<PublicKey>) -> FilesAssessment {
        let foundKey: FoundKey =
            switch keyFile {
            case .missing: .missing
            case .unreadable(let reason): .unreadable(reason)
            case .present: .mismatch
            }
        return FilesAssessment(
            found: FoundCertificate(certificate: leaf, key: foundKey),
            keySPKI: keyFile.content?.spkiSHA256, rebuilt: [:])
    }
}

/// Chain, full chain and combined file against the leaf and against each other.
private struct OutputComparison {
    private(set) var rebuilt: [Output: FileContents] = [:]
    private(set) var lost: Set<Output> = []

    init(files: CertificateFiles, leaf: Certificate, keyMatches: Bool) {
        let authorities = KnownAuthorities.shared
        let known = [leaf] + authorities.all
        let chain = files.chain.certificates(knowing: known)
        let fullchain = files.fullchain.certificates(knowing: known + chain)
        authorities.note(chain)
        guard let intermediates = Self.intermediates(of: leaf, chain: chain, fullchain: fullchain) else {
            lost = files.combined == nil ? [.chain, .fullchain] : [.chain, .fullchain, .combined]
            return
        }
        if chain != intermediates { rebuilt[.chain] = .open(Self.pem(intermediates)) }
        let whole = [leaf] + intermediates
        var fullchainBytes = files.fullchain.content ?? []
        if fullchain != whole {
            fullchainBytes = Self.pem(whole)
            rebuilt[.fullchain] = .open(fullchainBytes)
        }
        guard let combined = files.combined else { return }
        guard keyMatches, let key = files.key.content else {
            if combined.certificates(knowing: whole) != whole { lost.insert(.combined) }
            return
        }
        if combined.certificates(knowing: whole) != whole || combined.publicKey.content != leaf.publicKey {
            rebuilt[.combined] = .combined(key: key, fullchain: fullchainBytes)
        }
    }

    /// The way up from the leaf, out of the first file that has it.
    private static func intermediates(
        of leaf: Certificate, chain: [Certificate], fullchain: [Certificate]
    ) -> [Certificate]? {
        [chain, Array(fullchain.dropFirst())].first { leads(from: leaf, through: $0) }
    }

    private static func leads(from leaf: Certificate, through chain: [Certificate]) -> Bool {
        !chain.isEmpty && zip([leaf] + chain, chain).allSatisfy { $0.isSigned(by: $1) }
    }

    private static func pem(_ certificates: [Certificate]) -> [UInt8] {
        certificates.flatMap { Array($0.pem.utf8) }
    }
}

extension FileReading<[UInt8]> {
    /// The certificate file's only certificate.
    fileprivate var leaf: FileReading<Certificate> {
        switch self {
        case .missing: return .missing
        case .unreadable(let reason): return .unreadable(reason)
        case .present(let bytes):
            do throws(CertificateError) {
                return .present(try Certificate(pem: bytes))
            } catch {
                return .unreadable(error.description)
            }
        }
    }

    /// None where there are none to be read.
    fileprivate func certificates(knowing known: [Certificate]) -> [Certificate] {
        // Why they can't be read matters to nobody: they are rebuilt or ordered anew.
        content.flatMap { try? Certificate.all(inPEM: $0, knowing: known) } ?? []
    }
}

extension FileReading<SecretBytes> {
    /// The public half of the file's private key.
    var publicKey: FileReading<PublicKey> {
        switch self {
        case .missing: return .missing
        case .unreadable(let reason): return .unreadable(reason)
        case .present(let bytes):
            do throws(PrivateKeyError) {
                return .present(try PrivateKey(pem: bytes).publicKey)
            } catch {
                return .unreadable(error.description)
            }
        }
    }

    fileprivate func certificates(knowing known: [Certificate]) -> [Certificate] {
        guard let content else { return [] }
        let bytes = content.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        return (try? Certificate.all(inPEM: bytes, knowing: known)) ?? []
    }
}
