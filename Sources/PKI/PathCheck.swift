import COpenSSL
import FoundationEssentials

/// OpenSSL's search for a path from a leaf to an anchor.
struct PathCheck: ~Copyable {
    private let store: Owned<StoreObject>

    /// Only anchors that are valid at `date` count.
    init(anchors: [Certificate], at date: Date) throws(OpenSSLError) {
        let store = try unsafe Owned<StoreObject>("X509_STORE_new") { unsafe X509_STORE_new() }
        for anchor in anchors where anchor.isValid(at: date) {
            let object = anchor.object
            try check("X509_STORE_add_cert") {
                unsafe store.withPointer { store in
                    unsafe object.withPointer { unsafe X509_STORE_add_cert(store, $0) }
                }
            }
        }
        self.store = store
    }

    /// What stands between the leaf and every anchor, and the depth where it was met; nil when nothing does.
    /// The validity of the chain is not looked at.
    borrowing func problem(
        of chain: CertificateChain, for purpose: CertificatePurpose
    ) throws(OpenSSLError) -> (reason: String, depth: Int)? {
        let leaf = chain.leaf.object
        let helpers = try Owned<CertificateListObject>(certificates: chain.intermediates)
        let context = try unsafe Owned<StoreContextObject>("X509_STORE_CTX_new") {
            unsafe X509_STORE_CTX_new()
        }
        try check("X509_STORE_CTX_init") {
            unsafe context.withPointer { context in
                unsafe store.withPointer { store in
                    unsafe leaf.withPointer { leaf in
                        unsafe helpers.withPointer { unsafe X509_STORE_CTX_init(context, store, leaf, $0) }
                    }
                }
            }
        }
        return unsafe context.withPointer { context in
            let settings = unsafe X509_STORE_CTX_get0_param(context)
            // OpenSSL takes the last valid second for expired, so times are the caller's to look at.
            let flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME
            unsafe X509_VERIFY_PARAM_set_flags(settings, UInt(flags))
            if let number = purpose.number { unsafe X509_STORE_CTX_set_purpose(context, number) }
            defer { ERR_clear_error() }
            guard unsafe X509_verify_cert(context) != 1 else { return nil }
            let code = unsafe X509_STORE_CTX_get_error(context)
            return (
                unsafe String(cString: X509_verify_cert_error_string(Int(code))),
                Int(unsafe X509_STORE_CTX_get_error_depth(context))
            )
        }
    }
}

extension Owned where Object == CertificateListObject {
    init(certificates: [Certificate]) throws(OpenSSLError) {
        let list = try unsafe Owned("sk_X509_new_null") { unsafe copenssl_certificates_new() }
        for certificate in certificates {
            let object = certificate.object
            try check("X509_add_cert") {
                unsafe list.withPointer { list in
                    unsafe object.withPointer { unsafe X509_add_cert(list, $0, X509_ADD_FLAG_UP_REF) }
                }
            }
        }
        self = list
    }
}
