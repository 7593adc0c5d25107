import Lifecycle
import POSIX

/// Turns the files of a certificate into facts. Never fails: whatever is wrong with a file is its state, with
/// the reason.
///
/// What was read is remembered, and read again only when a file has another device, inode, size or time than
/// then, so that a look at an unchanged certificate is one `stat` a file.
final class Inventory: Sendable {
    private struct Memory: Sendable {
        let outputs: OutputPaths
        let fingerprints: [Output: FileFingerprint]
        let found: FoundCertificate
        let keySPKI: String?
    }

    private let memories = Lock<[CertificateName: Memory]>([:])
    /// Why a file can't be read now, if it can't; a test plays a broken disk here.
    private let faultOf: @Sendable (_ path: String) -> SystemError?

    init(faultOf: @escaping @Sendable (_ path: String) -> SystemError? = Inventory.fault(of:)) {
        self.faultOf = faultOf
    }

    func look(at certificate: ManagedCertificate) -> FoundCertificate {
        memory(of: certificate).found
    }

    /// The SHA-256 of the public key in the certificate's key file, if one can be read there.
    func installedKeySPKI(of certificate: ManagedCertificate) -> String? {
        memory(of: certificate).keySPKI
    }

    /// Forgets certificates that are managed no more.
    func keep(only names: Set<CertificateName>) {
        memories.withLock { memories in memories = memories.filter { names.contains($0.key) } }
    }

    private func memory(of certificate: ManagedCertificate) -> Memory {
        // Before the files are read: a change in between shows at the next look.
        let fingerprints = Self.fingerprints(of: certificate.outputs)
        let remembered = memories.withLock { $0[certificate.name] }
        if let remembered, remembered.outputs == certificate.outputs, remembered.fingerprints == fingerprints
        {
            return remembered
        }
        let assessment = CertificateFiles(reading: certificate.outputs).assessment
        // A fault that passes says nothing about the certificate: an order for it would be a needless one.
        if let remembered, remembered.outputs == certificate.outputs, assessment.found != remembered.found,
            Output.allCases.contains(where: { certificate.outputs[$0].map(isOutOfReach) ?? false })
        {
            return remembered
        }
        let memory = Memory(
            outputs: certificate.outputs, fingerprints: fingerprints, found: assessment.found,
            keySPKI: assessment.keySPKI)
        memories.withLock { $0[certificate.name] = memory }
        return memory
    }

    private func isOutOfReach(_ path: String) -> Bool {
        faultOf(path).map { Self.passing.contains($0.errno) } ?? false
    }

    /// Faults of the machine, not of the file.
    private static let passing: Set<Errno> = [
        .inputOutput, .tooManyOpenFiles, .fileTableFull, .noMemory, .staleHandle, .timedOut,
    ]

    private static func fault(of path: String) -> SystemError? {
        do {
            _ = try File.read(path, limit: CertificateFiles.longest)
            return nil
        } catch {
            return error
        }
    }

    private static func fingerprints(of outputs: OutputPaths) -> [Output: FileFingerprint] {
        var fingerprints: [Output: FileFingerprint] = [:]
        for output in Output.allCases {
            guard let path = outputs[output] else { continue }
            fingerprints[output] = FileFingerprint(of: path)
        }
        return fingerprints
    }
}
