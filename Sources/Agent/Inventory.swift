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
    /// The wall clock, in nanoseconds since 1970.
    private let clock: @Sendable () -> Int64
    /// Why a file can't be read now, if it can't; a test plays a broken disk here.
    private let faultOf: @Sendable (_ path: String) -> SystemError?

    init(
        remembering memories: [CertificateName: SetMemory] = [:],
        faultOf: @escaping @Sendable (_ path: String) -> SystemError? = Inventory.fault(of:),
        clock: @escaping @Sendable () -> Int64 = { Clock.wall().sinceEpoch }
    ) {
        contents = Lock(Contents(memories: memories))
        self.clock = clock
        self.faultOf = faultOf
    }

    func look(at certificate: ManagedCertificate) -> FoundCertificate {
        memory(of: certificate).found
    }

    /// The SHA-256 of the public key in the certificate's key file, if one can be read there.
    func installedKeySPKI(of certificate: ManagedCertificate) -> String? {
        memory(of: certificate).keySPKI
    }

    /// Forgets what is managed no more, and what was read at paths that are a certificate's no longer: it would else stand
    /// for files at the new ones while these can't be read.
    func adopt(_ certificates: [ManagedCertificate], insteadOf before: [ManagedCertificate]) {
        let paths = Dictionary(before.map { ($0.name, $0.outputs) }) { first, _ in first }
        let kept = Set(certificates.lazy.filter { paths[$0.name] == $0.outputs }.map(\.name))
        contents.withLock { contents in
            let memories = contents.memories.filter { kept.contains($0.key) }
            if memories.count == contents.memories.count { return }
            contents.memories = memories
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
        let lookedAt = clock()
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
