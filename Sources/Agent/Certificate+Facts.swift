import Lifecycle
import PKI

extension InstalledCertificate {
    /// The facts of a certificate that was read.
    init(_ certificate: Certificate) {
        self.init(
            serial: certificate.serialHex, notBefore: certificate.notBefore, notAfter: certificate.notAfter,
            dnsNames: certificate.dnsNames, keyType: certificate.publicKeyAlgorithm.map(KeyType.init),
            issuer: certificate.issuerName, sha256: certificate.sha256, spkiSHA256: certificate.spkiSHA256)
    }
}

extension KeyType {
    init(_ algorithm: KeyAlgorithm) {
        self =
            switch algorithm {
            case .ecP256: .ecP256
            case .ecP384: .ecP384
            case .rsa2048: .rsa2048
            case .rsa3072: .rsa3072
            case .rsa4096: .rsa4096
            }
    }

    var algorithm: KeyAlgorithm {
        switch self {
        case .ecP256: .ecP256
        case .ecP384: .ecP384
        case .rsa2048: .rsa2048
        case .rsa3072: .rsa3072
        case .rsa4096: .rsa4096
        }
    }
}

extension Certificate {
    /// The one certificate in the broker's `cert_pem`, which holds no block of another kind: all of it will lie
    /// in the certificate file.
    static func issued(in pem: String) throws(RenewalFailure) -> Certificate {
        do {
            let chain = try CertificateChain(pem: Array(pem.utf8))
            guard chain.intermediates.isEmpty else { throw CertificateError.several }
            return chain.leaf
        } catch {
            throw RenewalFailure(stage: .checks, .leafUnreadable, detail: "cert_pem: \(error)")
        }
    }
}

extension RenewalFailure {
    /// A failed check of an issued bundle.
    static func checks(_ failureClass: FailureClass, _ detail: String, refusing leaf: Certificate) -> Self {
        RenewalFailure(stage: .checks, failureClass, detail: detail, refusedSerial: leaf.serialHex)
    }
}
