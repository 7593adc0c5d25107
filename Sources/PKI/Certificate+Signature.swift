import COpenSSL

extension Certificate {
    /// Whether `issuer` is named as the issuer, may sign certificates, and has signed this one.
    ///
    /// Validity and trust are not looked at: that is `CertificateChain.verify`.
    public func isSigned(by issuer: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe object.withPointer { subject in
            unsafe issuer.object.withPointer { authority in
                guard unsafe X509_check_issued(authority, subject) == X509_V_OK else { return false }
                return unsafe X509_verify(subject, X509_get0_pubkey(authority)) == 1
            }
        }
    }

    /// Whether the certificate is its own issuer.
    public var isSelfSigned: Bool { isSigned(by: self) }
}
