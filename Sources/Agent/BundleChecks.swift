import FoundationEssentials
import Lifecycle
import Notation
import PKI

/// The checks that turn an ``UncheckedBundle`` into an ``IssuedBundle``: all of them before anything is
/// written.
///
/// A certificate that fails here would have cost the service its working one. The first failed check is the
/// reason; they go from "is it a certificate" over "is it ours" to "is it of use".
struct BundleChecks {
    let certificate: ManagedCertificate
    /// The SHA-256 of the public key that the request was for.
    let pendingKey: String
    /// The SHA-256 of the public key in the installed key file, if one can be read there.
    let installedKey: String?
    /// What lies on disk now.
    let found: FoundCertificate
    /// The configured identity, by which this host shifts its renewals.
    let identityName: String
    let now: Date

    /// Of each PEM text: well below what a look at the files reads, so that nothing installed is unreadable.
    private static let longestPEM = 256 << 10

    func judge(_ bundle: UncheckedBundle) throws(RenewalFailure) -> BundleVerdict {
        try checkSizes(of: bundle)
        let leaf = try Certificate.issued(in: bundle.certificatePEM)
        if isInstalledWhole(leaf) { return .unchanged(serial: leaf.serialHex) }
        let check = LeafChecks(leaf: leaf, certificate: certificate, identityName: identityName, now: now)
        try check.isServerCertificate()
        let key = try owner(of: leaf)
        try check.isForExactlyOurNames()
        try check.isValidNow()
        try check.isNotDueAgain()
        try ChainChecks(leaf: leaf, bundle: bundle).passAll()
        try check.agrees(with: bundle)
        return .issued(
            IssuedBundle(
                key: key, leaf: InstalledCertificate(leaf), certificatePEM: bundle.certificatePEM,
                chainPEM: bundle.chainPEM, fullchainPEM: bundle.fullchainPEM,
                wasCached: bundle.cache == "hit",
                warnings: warnings(about: leaf)))
    }

    private func checkSizes(of bundle: UncheckedBundle) throws(RenewalFailure) {
        let texts = [
            ("cert_pem", bundle.certificatePEM), ("chain_pem", bundle.chainPEM),
            ("fullchain_pem", bundle.fullchainPEM),
        ]
        for (field, text) in texts where text.utf8.count > Self.longestPEM {
            throw RenewalFailure(
                stage: .checks, .leafUnreadable,
                detail: "\(field) has \(text.utf8.count) bytes, more than \(Self.longestPEM)")
        }
    }

    /// With another file to restore, an answer with the installed serial is the very thing that was asked
    /// for.
    private func isInstalledWhole(_ leaf: Certificate) -> Bool {
        found.installed?.serial == leaf.serialHex && found.key == .matches && found.lost.isEmpty
    }

    /// The broker may answer from its cache for the installed key; but then only with something newer.
    private func owner(of leaf: Certificate) throws(RenewalFailure) -> IssuedBundle.Key {
        if leaf.spkiSHA256 == pendingKey { return .pending }
        guard leaf.spkiSHA256 == installedKey else {
            throw .checks(.wrongKey, "the certificate is for another key than the request", refusing: leaf)
        }
        if let installed = found.installed, leaf.notBefore <= installed.notBefore,
            leaf.serialHex != installed.serial
        {
            throw .checks(
                .wrongKey, "the certificate is for the installed key and no newer than the installed one",
                refusing: leaf)
        }
        return .installed
    }

    private func warnings(about leaf: Certificate) -> [String] {
        guard let installed = found.installed, leaf.notAfter < installed.notAfter else { return [] }
        return [
            "it expires at \(leaf.notAfter.rfc3339), before the one it replaces "
                + "(\(installed.notAfter.rfc3339))"
        ]
    }
}
