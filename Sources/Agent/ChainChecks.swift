import Lifecycle
import PKI

/// The checks of a bundle that concern the way from the leaf up: offline, before anything is installed.
struct ChainChecks {
    let leaf: Certificate
    let bundle: UncheckedBundle

    /// With more, clients would refuse the handshake for its size, and a loop of signers would pass for a way.
    private static let longest = 10

    func passAll() throws(RenewalFailure) {
        let known = [leaf] + KnownAuthorities.shared.all
        let fullchain = try certificates(in: bundle.fullchainPEM, called: "fullchain_pem", knowing: known)
        let chain = try certificates(in: bundle.chainPEM, called: "chain_pem", knowing: known + fullchain)
        guard fullchain.first == leaf else {
            throw broken("fullchain_pem does not begin with the certificate")
        }
        guard fullchain.count > 1 else { throw broken("fullchain_pem has no intermediate certificate") }
        guard fullchain.count <= Self.longest else {
            throw broken("fullchain_pem has \(fullchain.count) certificates, more than \(Self.longest)")
        }
        for (signed, signer) in zip(fullchain, fullchain.dropFirst()) {
            guard signer.isCA, signed.isSigned(by: signer) else {
                let (upper, lower) = (Excerpt(signer.subjectName), Excerpt(signed.subjectName))
                throw broken("in fullchain_pem, \(upper) did not sign \(lower)")
            }
        }
        guard chain == Array(fullchain.dropFirst()) else {
            throw broken("chain_pem is not fullchain_pem without the certificate")
        }
    }

    private func certificates(
        in pem: String, called field: String, knowing known: [Certificate]
    ) throws(RenewalFailure) -> [Certificate] {
        do {
            return try CertificateChain(pem: Array(pem.utf8), knowing: known).certificates
        } catch {
            throw broken("\(field): \(error)")
        }
    }

    private func broken(_ detail: String) -> RenewalFailure {
        .checks(.brokenChain, detail, refusing: leaf)
    }
}
