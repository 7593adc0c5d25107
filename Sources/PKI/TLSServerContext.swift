import COpenSSL

/// The lowest protocol version a server accepts.
public enum TLSVersion: String, Hashable, Sendable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}

/// Whether clients show a certificate. One that is shown must chain to the authorities and permit clientAuth.
public enum ClientCertificates: Hashable, Sendable {
    case notRequested
    case optional(authorities: [Certificate])
    case required(authorities: [Certificate])
}

/// What a TLS server shows and asks of its clients. Never changed: a renewed identity is a new context.
///
/// Sessions are not resumed, neither by ticket nor by cache: a resumed one would go on under the old identity
/// and would skip the client's certificate.
public final class TLSServerContext: @unchecked Sendable {
    let object: Owned<TLSContextObject>

    public init(
        chain: CertificateChain, key: borrowing PrivateKey,
        clientCertificates: ClientCertificates = .notRequested,
        minimumVersion: TLSVersion = .tls12
    ) throws(OpenSSLError) {
        object = try unsafe Owned("SSL_CTX_new") { unsafe SSL_CTX_new(TLS_server_method()) }
        try unsafe object.withPointer { context throws(OpenSSLError) in
            try check("SSL_CTX_set_min_proto_version") {
                unsafe copenssl_set_minimum_version(context, minimumVersion.number)
            }
            try unsafe TLSServerContext.forbidResumption(context)
            try unsafe TLSServerContext.show(chain, key, context)
            try unsafe TLSServerContext.ask(clientCertificates, context)
        }
    }

    private static func forbidResumption(_ context: OpaquePointer) throws(OpenSSLError) {
        unsafe copenssl_server_options(context)
        unsafe copenssl_server_modes(context)
        unsafe copenssl_session_cache_off(context)
        try check("SSL_CTX_set_num_tickets") { unsafe SSL_CTX_set_num_tickets(context, 0) }
        let name = try randomBytes(Int(SSL_MAX_SID_CTX_LENGTH))
        try check("SSL_CTX_set_session_id_context") {
            unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
        }
    }

    private static func show(
        _ chain: CertificateChain, _ key: borrowing PrivateKey, _ context: OpaquePointer
    ) throws(OpenSSLError) {
        let leaf = chain.leaf.object
        try check("SSL_CTX_use_certificate") {
            unsafe leaf.withPointer { unsafe SSL_CTX_use_certificate(context, $0) }
        }
        for certificate in chain.intermediates {
            let object = certificate.object
            try check("SSL_CTX_add1_chain_cert") {
                unsafe object.withPointer { unsafe copenssl_add_chain_certificate(context, $0) }
            }
        }
        try check("SSL_CTX_use_PrivateKey") {
            unsafe key.object.withPointer { unsafe SSL_CTX_use_PrivateKey(context, $0) }
        }
        try check("SSL_CTX_check_private_key") { unsafe SSL_CTX_check_private_key(context) }
    }

    private static func ask(
        _ clientCertificates: ClientCertificates, _ context: OpaquePointer
    ) throws(OpenSSLError) {
        let (mode, authorities) =
            switch clientCertificates {
            case .notRequested: (SSL_VERIFY_NONE, [Certificate]())
            case .optional(let authorities): (SSL_VERIFY_PEER, authorities)
            case .required(let authorities): (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, authorities)
            }
        for authority in authorities {
            let object = authority.object
            try check("X509_STORE_add_cert") {
                unsafe object.withPointer { unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), $0) }
            }
            try check("SSL_CTX_add_client_CA") {
                unsafe object.withPointer { unsafe SSL_CTX_add_client_CA(context, $0) }
            }
        }
        // A bundle that holds only an intermediate is trust in that intermediate.
        try check("X509_VERIFY_PARAM_set_flags") {
            unsafe X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
        }
        unsafe SSL_CTX_set_verify(context, mode, nil)
    }
}
