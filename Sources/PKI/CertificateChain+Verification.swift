import COpenSSL
public import FoundationEssentials

/// What a chain's leaf is to be used for.
public enum CertificatePurpose: Hashable, Sendable {
    case any, serverAuth, clientAuth

    var number: Int32? {
        switch self {
        case .any: nil
        case .serverAuth: X509_PURPOSE_SSL_SERVER
        case .clientAuth: X509_PURPOSE_SSL_CLIENT
        }
    }
}

extension CertificateChain {
    /// That each certificate signs the one before it.
    public func verifyLinks() throws(CertificateChainError) {
        for (index, (subject, issuer)) in zip(certificates, certificates.dropFirst()).enumerated()
        where !subject.isSigned(by: issuer) {
            throw .brokenLink(index: index)
        }
    }

    /// That every certificate is valid at `date`.
    public func verifyValidity(at date: Date) throws(CertificateChainError) {
        for certificate in certificates where !certificate.isValid(at: date) {
            if date < certificate.notBefore {
                throw .notYetValid(subject: certificate.subjectName, notBefore: certificate.notBefore)
            }
            throw .expired(subject: certificate.subjectName, notAfter: certificate.notAfter)
        }
    }

    /// That the links hold, everything is valid at `date`, and a path leads to one of `anchors`.
    ///
    /// Any certificate among the anchors ends a path, an intermediate too.
    public func verify(
        anchors: [Certificate], at date: Date, for purpose: CertificatePurpose = .any
    ) throws(CertificateChainError) {
        try verifyLinks()
        try verifyValidity(at: date)
        do {
            if let (reason, depth) = try PathCheck(anchors: anchors, at: date).problem(of: self, for: purpose)
            {
                throw CertificateChainError.untrusted(reason: reason, depth: depth)
            }
        } catch let error as OpenSSLError {
            throw .openSSL(error)
        } catch let error as CertificateChainError {
            throw error
        } catch {
            throw .untrusted(reason: "\(error)", depth: 0)
        }
    }
}
