import FoundationEssentials
import PKI

extension CertificateIssuer {
    /// A leaf for `key` under this authority.
    func issueLeaf(
        _ commonName: String?, _ names: [String], for key: PublicKey, _ validity: LabValidity,
        usages: [ExtendedKeyUsage]
    ) throws(CertificateIssuingError) -> Certificate {
        try issue(
            CertificateTemplate(
                commonName: commonName, dnsNames: names, notBefore: validity.notBefore,
                notAfter: validity.notAfter,
                role: .leaf(usages: usages)),
            for: key)
    }
}

/// A root and the intermediate that does its work.
struct LabHierarchy: Sendable {
    let root: Certificate
    let intermediate: CertificateIssuer

    /// Ten years, dated back a day.
    private static func template(
        _ name: String, maximumIntermediates: Int, now: Date
    ) -> CertificateTemplate {
        CertificateTemplate(
            commonName: name, organization: "Certplane lab", notBefore: now - 86_400,
            notAfter: now + 3650 * 86_400, role: .authority(maximumIntermediates: maximumIntermediates))
    }

    /// A new root called `NAME Root CA` with `NAME Intermediate CA` below it. The root's key is not kept: nothing
    /// else will be signed with it.
    static func make(_ name: String, now: Date) throws(CertificateIssuingError) -> LabHierarchy {
        let root = try CertificateIssuer.selfSigned(
            template("\(name) Root CA", maximumIntermediates: 1, now: now), key: freshKey())
        return LabHierarchy(
            root: root.certificate,
            intermediate: try root.subordinate(
                template("\(name) Intermediate CA", maximumIntermediates: 0, now: now), key: freshKey()))
    }

    /// Whether it can still be used for a year, and the root stands above the intermediate.
    func isUsable(at now: Date) -> Bool {
        let inAYear = now + 365 * 86_400
        return root.isValid(at: now) && root.notAfter > inAYear && intermediate.certificate.notAfter > inAYear
            && intermediate.certificate.isSigned(by: root)
    }

    /// A P-256 key.
    static func freshKey() throws(CertificateIssuingError) -> PrivateKey {
        do throws(OpenSSLError) {
            return try PrivateKey.generate(.ecP256)
        } catch {
            throw .openSSL(error)
        }
    }
}
