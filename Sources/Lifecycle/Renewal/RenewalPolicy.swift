public import FoundationEssentials

/// Decides whether a certificate is due and why. The checks come in the order of `RenewalReason`; the first that
/// applies is the reason.
public enum RenewalPolicy {
    /// What is wrong on disk, whatever the time: depends on nothing but what is wanted and what was found.
    public static func defect(of found: FoundCertificate, wanted: ManagedCertificate) -> RenewalReason? {
        let installed: InstalledCertificate
        switch found.certificate {
        case .missing: return .missing
        case .unreadable: return .unreadable
        case .installed(let certificate): installed = certificate
        }
        switch found.key {
        case .missing: return .keyMissing
        case .unreadable, .mismatch: return .keyMismatch
        case .matches: break
        }
        if !wanted.dnsNames.equals(installed.dnsNames) { return .namesChanged }
        if installed.keyType != wanted.keyType { return .keyTypeChanged }
        return found.lost.isEmpty ? nil : .incomplete
    }

    /// The reason for being due at `now`. `dueAt` is when the installed certificate enters its window.
    public static func reason(
        defect: RenewalReason?, isRequested: Bool, dueAt: Date?, at now: Date
    ) -> RenewalReason? {
        if let defect { return defect }
        if isRequested { return .requested }
        if let dueAt, now >= dueAt { return .expiring }
        return nil
    }
}
