import Lifecycle
import POSIX

/// Turns the files of a certificate into facts. Never fails: whatever is wrong with a file is its state, with
/// the reason.
///
/// What was read is remembered, and read again only when a file has another device, inode, size or time than
/// then, so that a look at an unchanged certificate is one `stat` a file.
final class Inventory: Sendable {
    private struct Contents: Sendable {
        var memories: [CertificateName: SetMemory]
        /// Something that the next process should know is not in the file yet.
        var hasNews = false
    }

    private let contents: Lock<Contents>
    /// Why a file can't be read now, if it can't; a test plays a broken disk here.
    private let faultOf: @Sendable (_ path: String) -> SystemError?

    init(
        remembering memories: [CertificateName: SetMemory] = [:],
        faultOf: @escaping @Sendable (_ path: String) -> SystemError? = Inventory.fault(of:)
    ) {
        contents = Lock(Contents(memories: memories))
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
        contents.withLock { contents in
            let kept = contents.memories.filter { names.contains($0.key) }
            if kept.count == contents.memories.count { return }
            contents.memories = kept
            contents.hasNews = true
        }
    }

    /// Takes on what an earlier process has read.
    func remember(_ memories: [CertificateName: SetMemory]) {
        contents.withLock { contents in contents.memories.merge(memories) { known, _ in known } }
    }

    var hasNews: Bool { contents.withLock { $0.hasNews } }

    /// Everything, for the next process to know.
    func takeNews() -> [CertificateName: SetMemory] {
        contents.withLock { contents in
            contents.hasNews = false
            return contents.memories
        }
    }

    private func memory(of certificate: ManagedCertificate) -> SetMemory {
        let lookedAt = Clock.wall().sinceEpoch
        let fingerprint = OutputsFingerprint(of: certificate.outputs)
        let remembered = contents.withLock { $0.memories[certificate.name] }
        if let remembered, remembered.isSettled, remembered.fingerprint == fingerprint { return remembered }
        let assessment = CertificateFiles(reading: certificate.outputs).assessment
        // A fault that passes says nothing about the certificate: an order for it would be a needless one.
        if let remembered, assessment.found != remembered.found,
            Output.allCases.contains(where: { certificate.outputs[$0].map(isOutOfReach) ?? false })
        {
            return remembered
        }
        let memory = SetMemory(
            fingerprint, assessment.found, keySPKI: assessment.keySPKI, lookedAt: lookedAt)
        contents.withLock { contents in
            contents.memories[certificate.name] = memory
            if memory.facts != nil || remembered?.facts != nil { contents.hasNews = true }
        }
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
}

extension Clock.WallTime {
    /// Nanoseconds since 1970.
    var sinceEpoch: Int64 { seconds * 1_000_000_000 + Int64(nanoseconds) }
}
