import FoundationEssentials
import Lifecycle
import Notation
import PKI

/// The checks of a bundle that concern the leaf alone.
struct LeafChecks {
    let leaf: Certificate
    let certificate: ManagedCertificate
    let identityName: String
    let now: Date

    /// How far a clock may be behind the authority's.
    private static let tolerance: TimeInterval = 5 * 60

    func isServerCertificate() throws(RenewalFailure) {
        if leaf.isCA {
            throw .checks(.leafIsCA, "the certificate is a certificate authority's", refusing: leaf)
        }
        guard leaf.extendedKeyUsages.contains(.serverAuth) else {
            throw .checks(.leafNotForServers, "the certificate lacks the usage serverAuth", refusing: leaf)
        }
    }

    func isForExactlyOurNames() throws(RenewalFailure) {
        guard certificate.dnsNames.equals(leaf.dnsNames), !leaf.hasOtherNames else {
            var names = leaf.dnsNames.sorted()
            if leaf.hasOtherNames { names.append("names that are no host names") }
            let theirs = names.joined(separator: ", ")
            let ours = certificate.dnsNames.texts.joined(separator: ", ")
            throw .checks(
                .wrongNames, "the certificate is for [\(theirs)] instead of [\(ours)]", refusing: leaf)
        }
    }

    func isValidNow() throws(RenewalFailure) {
        if leaf.notAfter <= now {
            throw .checks(.leafExpired, "it expired at \(leaf.notAfter.rfc3339)", refusing: leaf)
        }
        if leaf.notBefore > now.addingTimeInterval(Self.tolerance) {
            throw .checks(
                .leafNotYetValid, "it is valid only from \(leaf.notBefore.rfc3339)",
                refusing: leaf)
        }
    }

    /// Installing it would only begin the next renewal, for ever. This host's shift of the moment counts too.
    func isNotDueAgain() throws(RenewalFailure) {
        let window = RenewalWindow(lifetime: leaf.lifetime, renewBefore: certificate.renewBefore)
        let dueAt = window.dueAt(
            notAfter: leaf.notAfter, lifetime: leaf.lifetime, identity: identityName, name: certificate.name)
        guard now < dueAt else {
            throw .checks(
                .alreadyDue,
                "it expires at \(leaf.notAfter.rfc3339) and would be due again at once",
                refusing: leaf)
        }
    }

    func agrees(with bundle: UncheckedBundle) throws(RenewalFailure) {
        try agree("serial_number", said: bundle.serialNumber, is: leaf.serialHex)
        try agree("not_before", said: bundle.notBefore, is: leaf.notBefore)
        try agree("not_after", said: bundle.notAfter, is: leaf.notAfter)
    }

    private func agree(_ field: String, said: String, is fact: String) throws(RenewalFailure) {
        guard said == fact else { throw disagreement(field, said, fact) }
    }

    private func agree(_ field: String, said: String, is fact: Date) throws(RenewalFailure) {
        // What is no date agrees with none.
        guard Date(rfc3339: said) == fact else { throw disagreement(field, said, fact.rfc3339) }
    }

    private func disagreement(_ field: String, _ said: String, _ fact: String) -> RenewalFailure {
        .checks(
            .metadataMismatch, "\(field) is \(Excerpt(said)), the certificate says \(fact)",
            refusing: leaf)
    }
}
