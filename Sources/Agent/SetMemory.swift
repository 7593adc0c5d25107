import Lifecycle

/// What a look at one certificate's files gave, and as what files they were read.
struct SetMemory: Equatable, Sendable {
    /// From before the files were read: a change in between shows at the next look.
    var fingerprint: OutputsFingerprint
    var found: FoundCertificate
    /// The SHA-256 of the public key in the key file, if one can be read there.
    var keySPKI: String?
    /// The same fingerprint later means the same content. Not so while a file is so young that it could change once more
    /// within the same tick of its file system's clock, nor while one could not be read: why it could not may pass
    /// without a change of it.
    var isSettled: Bool

    /// Coarser than the time stamps of any file system in use (FAT: two seconds).
    static let tick: Int64 = 2_000_000_000

    /// - Parameter lookedAt: by the wall clock in nanoseconds since 1970, before the files were looked at.
    init(
        _ fingerprint: OutputsFingerprint, _ found: FoundCertificate, keySPKI: String?, lookedAt: Int64
    ) {
        self.fingerprint = fingerprint
        self.found = found
        self.keySPKI = keySPKI
        isSettled =
            fingerprint.isComplete && fingerprint.newestChange <= lookedAt - Self.tick && !found.isUnreadable
    }

    /// Read by an earlier process, from a set that was in order.
    init(remembered fingerprint: OutputsFingerprint, _ installed: InstalledCertificate) {
        self.fingerprint = fingerprint
        found = FoundCertificate(certificate: .installed(installed), key: .matches)
        keySPKI = installed.spkiSHA256
        isSettled = true
    }

    /// What the next process may go by: the facts of a set that is in order. Anything else is looked at anew.
    var facts: InstalledCertificate? {
        guard isSettled, found.key == .matches, found.rebuildable.isEmpty, found.lost.isEmpty else {
            return nil
        }
        return found.installed
    }
}

extension FoundCertificate {
    fileprivate var isUnreadable: Bool {
        if case .unreadable = certificate { return true }
        if case .unreadable = key { return true }
        return false
    }
}
