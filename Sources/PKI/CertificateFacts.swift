import COpenSSL

/// What is read from the C object, before the object goes.
struct CertificateFacts {
    let serialHex: String
    let subjectName: String
    let subjectCommonName: String?
    let issuerName: String
    /// Seconds since 1970.
    let notBefore: Int64
    /// Seconds since 1970.
    let notAfter: Int64
    let names: SubjectNames
    let isCA: Bool
    let extendedKeyUsages: [ExtendedKeyUsage]

    init(_ certificate: borrowing Owned<CertificateObject>) throws(CertificateError) {
        do {
            subjectName = try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
                try unsafe DistinguishedName.text(X509_get_subject_name(certificate))
            }
            issuerName = try unsafe certificate.withPointer { certificate throws(OpenSSLError) in
                try unsafe DistinguishedName.text(X509_get_issuer_name(certificate))
            }
        } catch {
            throw .malformed(error)
        }
        subjectCommonName = unsafe certificate.withPointer {
            unsafe DistinguishedName.commonName(X509_get_subject_name($0))
        }
        serialHex = unsafe certificate.withPointer {
            unsafe CertificateFacts.serial(X509_get0_serialNumber($0))
        }
        // RFC 5280 allows 20 octets. Whoever is far over that can't be put into a variable or a log line.
        guard serialHex.utf8.count <= 128 else { throw .undecodable("serial number") }
        guard
            let notBefore = unsafe certificate.withPointer({
                unsafe CertificateFacts.seconds(X509_get0_notBefore($0))
            }),
            let notAfter = unsafe certificate.withPointer({
                unsafe CertificateFacts.seconds(X509_get0_notAfter($0))
            })
        else { throw .undecodable("validity") }
        self.notBefore = notBefore
        self.notAfter = notAfter
        names = try CertificateFacts.names(certificate)
        extendedKeyUsages = try CertificateFacts.usages(certificate)
        let flags = unsafe certificate.withPointer { unsafe X509_get_extension_flags($0) }
        // Two basic constraints, or broken ones, must not read as "no authority".
        guard flags & UInt32(EXFLAG_INVALID) == 0 else { throw .undecodable("extensions") }
        isCA = flags & UInt32(EXFLAG_CA) != 0
    }

    private static func serial(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let number = unsafe number else { return "0" }
        let magnitude = unsafe UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(number), count: Int(ASN1_STRING_length(number)))
        let sign = unsafe copenssl_is_negative(number) == 1 ? "-" : ""
        return unsafe sign + Hexadecimal.number(magnitude)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var seconds: Int64 = 0
        return unsafe copenssl_seconds_since_1970(time, &seconds) == 1 ? seconds : nil
    }

    private static func names(
        _ certificate: borrowing Owned<CertificateObject>
    ) throws(CertificateError) -> SubjectNames {
        var state: Int32 = 0
        let decoded = unsafe certificate.withPointer {
            unsafe X509_get_ext_d2i($0, NID_subject_alt_name, &state, nil)
        }
        guard let names = unsafe Owned<NamesObject>(owning: OpaquePointer(decoded))
        else {
            // -1 says that the extension is absent; other failures are a malformed or a repeated one.
            guard state == -1 else { throw .undecodable("subject alternative names") }
            return SubjectNames()
        }
        guard let read = SubjectNames(names) else { throw .undecodable("subject alternative names") }
        return read
    }

    private static func usages(
        _ certificate: borrowing Owned<CertificateObject>
    ) throws(CertificateError) -> [ExtendedKeyUsage] {
        var state: Int32 = 0
        let decoded = unsafe certificate.withPointer {
            unsafe X509_get_ext_d2i($0, NID_ext_key_usage, &state, nil)
        }
        guard let list = unsafe Owned<UsagesObject>(owning: OpaquePointer(decoded))
        else {
            guard state == -1 else { throw .undecodable("extended key usages") }
            return []
        }
        return unsafe list.withPointer { list in
            (0..<max(0, unsafe copenssl_usages_count(list))).map { index in
                var text = [CChar](repeating: 0, count: 128)
                let length = unsafe OBJ_obj2txt(&text, Int32(text.count), copenssl_usages_at(list, index), 1)
                let digits = text.prefix(max(0, min(Int(length), text.count - 1)))
                return ExtendedKeyUsage(
                    rawValue: String(decoding: digits.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
        }
    }
}
