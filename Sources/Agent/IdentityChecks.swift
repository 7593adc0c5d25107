import Configuration
import FoundationEssentials
import Lifecycle
import PKI

/// The checks of a new identity before it replaces the old one: a bad one would lock the machine out.
struct IdentityChecks {
    /// How far this host's clock may be behind step-ca's.
    private static let tolerance: TimeInterval = 5 * 60

    let settings: IdentitySettings
    let now: Date

    func passAll(_ chainPEM: [String], key: SecretBytes) throws(RenewalFailure) -> CertificateChain {
        let chain: CertificateChain
        let publicKey: PublicKey
        do {
            chain = try CertificateChain(pem: Array(chainPEM.map(Self.endingInNewline).joined().utf8))
            publicKey = try PrivateKey(pem: key).publicKey
        } catch {
            throw refused("step-ca's answer holds no usable certificate: \(error)")
        }
        let leaf = chain.leaf
        guard leaf.matches(publicKey) else {
            throw refused("the certificate is for another key than the request")
        }
        guard leaf.subjectCommonName == settings.name else {
            throw refused(
                "the certificate is for '\(leaf.subjectCommonName ?? "")', but identity.name is '\(settings.name)'"
            )
        }
        guard !leaf.isCA else { throw refused("the certificate is a certificate authority's") }
        guard leaf.permits(.clientAuth) else { throw refused("the certificate may not be used by a client") }
        guard leaf.notAfter >= now else { throw refused("the certificate has expired already") }
        try checkPath(chain)
        return chain
    }

    /// The broker trusts the same issuers; what doesn't lead to them is of no use there.
    private func checkPath(_ chain: CertificateChain) throws(RenewalFailure) {
        let anchors = try TrustBundle.certificates(settings.issuerCABundlePath, orThrow: .caUntrusted)
        do {
            try chain.verify(
                anchors: anchors, at: max(now, min(chain.leaf.notBefore, now + Self.tolerance)))
        } catch {
            throw RenewalFailure(
                stage: .checks, .caUntrusted,
                detail:
                    "the new identity does not lead to an issuer in \(settings.issuerCABundlePath): \(error)")
        }
    }

    private func refused(_ detail: String) -> RenewalFailure {
        RenewalFailure(stage: .checks, .caRefused, detail: detail)
    }

    private static func endingInNewline(_ text: String) -> String {
        text.hasSuffix("\n") ? text : text + "\n"
    }
}
