import COpenSSL

/// The alternative names of a certificate or request.
struct SubjectNames: Hashable, Sendable {
    var dnsNames: [String] = []
    /// Whether there are names of other kinds: addresses, mail, URIs.
    var hasOtherNames = false

    init() {}

    /// Reads decoded names; nil when a DNS name is not plain text.
    init?(_ names: borrowing Owned<NamesObject>) {
        let count = unsafe names.withPointer { unsafe copenssl_names_count($0) }
        for index in 0..<max(0, count) {
            let read = unsafe names.withPointer { names in
                unsafe SubjectNames.read(copenssl_names_at(names, index))
            }
            switch read {
            case .dns(let name): dnsNames.append(name)
            case .other: hasOtherNames = true
            case .unreadable: return nil
            }
        }
    }

    private enum Name {
        case dns(String), other, unreadable
    }

    /// A NUL inside a name is how `good.example\0.evil.example` once passed for `good.example`.
    private static func read(_ name: UnsafeMutablePointer<GENERAL_NAME>?) -> Name {
        var type: Int32 = 0
        guard let name = unsafe name, let value = unsafe GENERAL_NAME_get0_value(name, &type) else {
            return .unreadable
        }
        guard type == GEN_DNS else { return .other }
        let string = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
        let bytes = unsafe UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
        guard unsafe bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else { return .unreadable }
        return unsafe .dns(String(decoding: bytes, as: UTF8.self))
    }
}

/// What can be read of a distinguished name.
enum DistinguishedName {
    /// The common name, when there is exactly one: two would let two readers see two different subjects.
    static func commonName(_ name: OpaquePointer?) -> String? {
        let first = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard first >= 0, unsafe X509_NAME_get_index_by_NID(name, NID_commonName, first) < 0 else {
            return nil
        }
        let value = unsafe X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first))
        var text: UnsafeMutablePointer<UInt8>?
        let length = unsafe ASN1_STRING_to_UTF8(&text, value)
        defer {
            unsafe copenssl_free(text)
            ERR_clear_error()
        }
        guard length >= 0, let text = unsafe text else { return nil }
        let bytes = unsafe UnsafeBufferPointer(start: text, count: Int(length))
        guard unsafe !bytes.contains(0) else { return nil }
        return unsafe String(validating: bytes, as: UTF8.self)
    }

    /// The whole name as RFC 2253 writes it ("CN=Example,O=Org").
    static func text(_ name: OpaquePointer?) throws(OpenSSLError) -> String {
        let stream = try unsafe Owned<StreamObject>("BIO_new") { unsafe BIO_new(BIO_s_mem()) }
        try check("X509_NAME_print_ex") {
            // An empty name prints nothing, which is no failure.
            unsafe stream.withPointer {
                max(1, unsafe X509_NAME_print_ex($0, name, 0, copenssl_name_flags()))
            }
        }
        return unsafe stream.withPointer { stream in
            var start: UnsafeMutablePointer<CChar>?
            let count = unsafe copenssl_bio_data(stream, &start)
            guard let start = unsafe start else { return "" }
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: max(0, count))
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
    }
}
