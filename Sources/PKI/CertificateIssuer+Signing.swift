import COpenSSL
import FoundationEssentials

extension CertificateIssuer {
    /// Makes, signs and reads back a certificate; without an issuer it signs itself.
    static func sign(
        _ template: CertificateTemplate, for publicKey: PublicKey, issuer: Certificate?,
        key: borrowing PrivateKey
    ) throws(CertificateIssuingError) -> Certificate {
        let der: [UInt8]
        do {
            der = try encoded(template, for: publicKey, issuer: issuer, key: key)
        } catch {
            throw .openSSL(error)
        }
        do { return try Certificate(der: der) } catch { throw .unreadable(error) }
    }

    private static func encoded(
        _ template: CertificateTemplate, for publicKey: PublicKey, issuer: Certificate?,
        key: borrowing PrivateKey
    ) throws(OpenSSLError) -> [UInt8] {
        let certificate = try unsafe Owned<CertificateObject>("X509_new") { unsafe X509_new() }
        let subjectKey = try publicKey.object()
        try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
            try check("X509_set_version") { unsafe X509_set_version(certificate, 2) }
            try check("X509_set_pubkey") {
                unsafe subjectKey.withPointer { unsafe X509_set_pubkey(certificate, $0) }
            }
            try unsafe setSubject(template, of: certificate)
            try unsafe setSerial(template.serial, of: certificate)
            try unsafe setTime(template.notBefore, X509_getm_notBefore(certificate))
            try unsafe setTime(template.notAfter, X509_getm_notAfter(certificate))
        }
        if let issuer {
            try complete(certificate, template, issuer: issuer.object.owned, key: key)
        } else {
            try complete(certificate, template, issuer: certificate, key: key)
        }
        return try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
            try unsafe DER.encode("i2d_X509") { unsafe i2d_X509(certificate, $0) }
        }
    }

    private static func complete(
        _ certificate: borrowing Owned<CertificateObject>, _ template: CertificateTemplate,
        issuer: borrowing Owned<CertificateObject>, key: borrowing PrivateKey
    ) throws(OpenSSLError) {
        try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
            try unsafe issuer.withPointer { issuer throws(OpenSSLError) in
                try check("X509_set_issuer_name") {
                    unsafe X509_set_issuer_name(certificate, X509_get_subject_name(issuer))
                }
                for (nid, value) in template.role.extensions + keyIdentifiers {
                    try check("X509V3_EXT_conf_nid") {
                        unsafe copenssl_add_extension(certificate, issuer, nid, value)
                    }
                }
            }
            try unsafe addNames(template, to: certificate)
            try check("X509_sign") {
                unsafe key.object.withPointer { unsafe X509_sign(certificate, $0, EVP_sha256()) }
            }
        }
    }

    /// The subject's comes first: a root's authority key identifier is made from it.
    private static let keyIdentifiers = [
        (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
    ]

    private static func setSubject(
        _ template: CertificateTemplate, of certificate: OpaquePointer
    ) throws(OpenSSLError) {
        let name = unsafe X509_get_subject_name(certificate)
        if let organization = template.organization {
            try unsafe DistinguishedName.add("O", organization, to: name)
        }
        if let commonName = template.commonName {
            try unsafe DistinguishedName.add("CN", commonName, to: name)
        }
    }

    private static func setSerial(_ serial: [UInt8]?, of certificate: OpaquePointer) throws(OpenSSLError) {
        let bytes = if let serial { serial } else { try randomSerial() }
        let number = try Owned<NumberObject>(bigEndian: bytes.span)
        try check("BN_to_ASN1_INTEGER") {
            unsafe number.withPointer { number in
                unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) == nil ? 0 : 1
            }
        }
    }

    /// 128 bits whose first is 0 and whose second is 1: positive, and always of the same length.
    private static func randomSerial() throws(OpenSSLError) -> [UInt8] {
        var serial = try randomBytes(16)
        serial[0] = serial[0] & 0x7F | 0x40
        return serial
    }

    private static func setTime(
        _ date: Date, _ time: UnsafeMutablePointer<ASN1_TIME>?
    ) throws(OpenSSLError) {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        try check("ASN1_TIME_set") { unsafe ASN1_TIME_set(time, seconds) == nil ? 0 : 1 }
    }

    private static func addNames(
        _ template: CertificateTemplate, to certificate: OpaquePointer
    ) throws(OpenSSLError) {
        guard !template.dnsNames.isEmpty || !template.addresses.isEmpty else { return }
        let names = try Owned<NamesObject>(dnsNames: template.dnsNames, addresses: template.addresses)
        // RFC 5280, 4.2.1.6: critical where the subject is empty.
        let critical: Int32 = template.commonName == nil && template.organization == nil ? 1 : 0
        try check("X509_add1_ext_i2d") {
            unsafe names.withPointer { names in
                unsafe X509_add1_ext_i2d(
                    certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names), critical, 0)
            }
        }
    }
}

extension CertificateTemplate.Role {
    /// The extensions that go with the role, as OpenSSL's configuration writes them.
    fileprivate var extensions: [(nid: Int32, value: String)] {
        switch self {
        case .authority(let maximum):
            let limit = maximum.map { ",pathlen:\($0)" } ?? ""
            return [
                (NID_basic_constraints, "critical,CA:TRUE\(limit)"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ]
        case .leaf(let usages):
            let allowed = usages.map(\.rawValue).joined(separator: ",")
            return [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
            ] + (usages.isEmpty ? [] : [(NID_ext_key_usage, allowed)])
        }
    }
}
