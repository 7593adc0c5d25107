import COpenSSL

extension SigningRequest {
    /// The alternative names that are asked for.
    static func names(_ request: borrowing Owned<RequestObject>) throws(SigningRequestError) -> SubjectNames {
        let extensionRequests = unsafe request.withPointer { request in
            let first = unsafe X509_REQ_get_attr_by_NID(request, NID_ext_req, -1)
            return unsafe first < 0 ? 0 : X509_REQ_get_attr_by_NID(request, NID_ext_req, first) < 0 ? 1 : 2
        }
        guard extensionRequests > 0 else { return SubjectNames() }
        // Of two lists an authority might honour the one that was not looked at here.
        guard extensionRequests == 1,
            let extensions = unsafe Owned<ExtensionListObject>(
                owning: request.withPointer { unsafe X509_REQ_get_extensions($0) })
        else { throw .undecodable("extensions") }
        var state: Int32 = 0
        let decoded = unsafe extensions.withPointer {
            unsafe X509V3_get_d2i($0, NID_subject_alt_name, &state, nil)
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

    static func encoded(
        commonName: String?, dnsNames: [String], key: borrowing PrivateKey
    ) throws(OpenSSLError) -> [UInt8] {
        let request = try unsafe Owned<RequestObject>("X509_REQ_new") { unsafe X509_REQ_new() }
        try check("X509_REQ_set_version") {
            unsafe request.withPointer { unsafe X509_REQ_set_version($0, 0) }
        }
        if let commonName {
            try unsafe request.withPointer { request throws(OpenSSLError) in
                try unsafe DistinguishedName.add("CN", commonName, to: X509_REQ_get_subject_name(request))
            }
        }
        if !dnsNames.isEmpty { try add(dnsNames, to: request) }
        try check("X509_REQ_set_pubkey") {
            unsafe request.withPointer { request in
                unsafe key.object.withPointer { unsafe X509_REQ_set_pubkey(request, $0) }
            }
        }
        try check("X509_REQ_sign") {
            unsafe request.withPointer { request in
                unsafe key.object.withPointer { unsafe X509_REQ_sign(request, $0, EVP_sha256()) }
            }
        }
        return try unsafe request.withPointer { request throws(OpenSSLError) in
            try unsafe DER.encode("i2d_X509_REQ") { unsafe i2d_X509_REQ(request, $0) }
        }
    }

    private static func add(
        _ dnsNames: [String], to request: borrowing Owned<RequestObject>
    ) throws(OpenSSLError) {
        let names = try Owned<NamesObject>(dnsNames: dnsNames)
        let extensions = try unsafe Owned<ExtensionListObject>("sk_X509_EXTENSION_new_null") {
            unsafe copenssl_extensions_new()
        }
        try check("X509V3_EXT_i2d") {
            unsafe extensions.withPointer { extensions in
                unsafe names.withPointer { names in
                    let made = unsafe X509V3_EXT_i2d(NID_subject_alt_name, 0, UnsafeMutableRawPointer(names))
                    guard let made = unsafe made else { return 0 }
                    let pushed = unsafe copenssl_extensions_push(extensions, made)
                    if pushed <= 0 { unsafe X509_EXTENSION_free(made) }
                    return pushed
                }
            }
        }
        try check("X509_REQ_add_extensions") {
            unsafe request.withPointer { request in
                unsafe extensions.withPointer { unsafe X509_REQ_add_extensions(request, $0) }
            }
        }
    }
}
