import FoundationEssentials
import Lifecycle
import PKI
import POSIX

/// One reading of the identity's files, and the verdict on them.
struct IdentityReading {
    let name: String
    let paths: IdentityFiles.Paths
    let read: IdentityFiles.Read

    /// The verdict, and whether the same files would always give it: not where one could not be read, which may pass
    /// without a change of it.
    var result: (reading: IdentityFiles.Reading, lasts: Bool) {
        do throws(Problem) {
            guard let certificateBytes = try content(of: paths.certificate) else { return (.missing, true) }
            let chain = try parse(certificateBytes)
            guard var keyBytes = try content(of: paths.key) else {
                throw Problem("\(paths.key) is missing beside the certificate")
            }
            let keyPEM = SecretBytes(wiping: &keyBytes)
            try check(keyPEM, against: chain.leaf)
            try checkName(of: chain.leaf)
            let facts = IdentityFacts(
                name: name, serial: chain.leaf.serialHex, issuer: chain.leaf.issuerName,
                notBefore: chain.leaf.notBefore, notAfter: chain.leaf.notAfter)
            let (completed, lasts) = completed(chain)
            return (
                .usable(IdentityFiles.Usable(facts: facts, chain: completed, keyPEM: keyPEM)), lasts
            )
        } catch {
            return (.unusable(error.description), !error.isOfReading)
        }
    }

    private struct Problem: Error, CustomStringConvertible {
        let description: String
        let isOfReading: Bool

        init(_ description: String, isOfReading: Bool = false) {
            self.description = description
            self.isOfReading = isOfReading
        }
    }

    /// `nil` when the file is missing.
    private func content(of path: String) throws(Problem) -> [UInt8]? {
        do {
            return try read(path)
        } catch {
            if error.errno == .notFound { return nil }
            throw Problem(error.description, isOfReading: true)
        }
    }

    private func parse(_ bytes: [UInt8]) throws(Problem) -> CertificateChain {
        do {
            return try CertificateChain(pem: bytes)
        } catch {
            throw Problem("\(paths.certificate): \(error)")
        }
    }

    private func check(_ keyPEM: SecretBytes, against leaf: Certificate) throws(Problem) {
        let publicKey: PublicKey
        do {
            publicKey = try PrivateKey(pem: keyPEM).publicKey
        } catch {
            throw Problem("\(paths.key): \(error)")
        }
        guard leaf.matches(publicKey) else {
            throw Problem("\(paths.key) is not the key of the certificate in \(paths.certificate)")
        }
    }

    private func checkName(of leaf: Certificate) throws(Problem) {
        guard leaf.subjectCommonName == name else {
            let theirs = leaf.subjectCommonName.map { "\(Excerpt($0))" } ?? "nobody by a single common name"
            throw Problem("\(paths.certificate) is for \(theirs), and the configured identity is “\(name)”")
        }
    }

    /// A leaf that was stored alone gets its intermediates from the issuer's bundle: a server that trusts
    /// only the root would refuse it otherwise. Roots are not presented.
    private func completed(_ chain: CertificateChain) -> (CertificateChain, lasts: Bool) {
        let bundle: [UInt8]
        do throws(Problem) {
            guard let content = try content(of: paths.issuerBundle) else { return (chain, true) }
            bundle = content
        } catch {
            return (chain, false)
        }
        // A bundle that can't be read completes nothing; `check` speaks of it.
        let issuers = (try? Certificate.all(inPEM: bundle)) ?? []
        var certificates = chain.certificates
        while certificates.count <= Self.longestChain, let last = certificates.last,
            let issuer = issuers.first(where: { last != $0 && last.isSigned(by: $0) }), !issuer.isSelfSigned
        {
            certificates.append(issuer)
        }
        return (CertificateChain(leaf: chain.leaf, intermediates: Array(certificates.dropFirst())), true)
    }

    private static let longestChain = 8
}
