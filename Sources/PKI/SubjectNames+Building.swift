import COpenSSL

extension Owned where Object == NamesObject {
    /// Alternative names for a request or a certificate.
    init(dnsNames: [String], addresses: [String] = []) throws(OpenSSLError) {
        let list = try unsafe Owned("sk_GENERAL_NAME_new_null") { unsafe copenssl_names_new() }
        for name in dnsNames {
            let bytes = Array(name.utf8)
            try unsafe list.add(GEN_DNS, "ASN1_STRING_set") {
                guard let text = unsafe ASN1_IA5STRING_new() else { return nil }
                guard unsafe ASN1_STRING_set(text, bytes, Int32(clamping: bytes.count)) == 1 else {
                    unsafe ASN1_STRING_free(text)
                    return nil
                }
                return unsafe text
            }
        }
        for address in addresses {
            try unsafe list.add(GEN_IPADD, "a2i_IPADDRESS") { unsafe a2i_IPADDRESS(address) }
        }
        self = list
    }

    private borrowing func add(
        _ type: Int32, _ operation: String, _ value: () -> UnsafeMutablePointer<ASN1_STRING>?
    ) throws(OpenSSLError) {
        ERR_clear_error()
        guard let value = unsafe value() else { throw OpenSSLError(drainingAfter: operation) }
        guard let name = unsafe GENERAL_NAME_new() else {
            unsafe ASN1_STRING_free(value)
            throw OpenSSLError(drainingAfter: "GENERAL_NAME_new")
        }
        unsafe GENERAL_NAME_set0_value(name, type, value)
        guard unsafe withPointer({ unsafe copenssl_names_push($0, name) }) > 0 else {
            unsafe GENERAL_NAME_free(name)
            throw OpenSSLError(drainingAfter: "sk_GENERAL_NAME_push")
        }
    }
}

extension DistinguishedName {
    /// Appends one attribute, as UTF-8.
    static func add(_ attribute: String, _ value: String, to name: OpaquePointer?) throws(OpenSSLError) {
        let bytes = Array(value.utf8)
        try check("X509_NAME_add_entry_by_txt") {
            unsafe X509_NAME_add_entry_by_txt(
                name, attribute, MBSTRING_UTF8, bytes, Int32(clamping: bytes.count), -1, 0)
        }
    }
}
