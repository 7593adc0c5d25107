import COpenSSL

enum KeyObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe EVP_PKEY_free(pointer) }
}

enum KeyContextObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe EVP_PKEY_CTX_free(pointer) }
}

enum EncodedKeyObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe PKCS8_PRIV_KEY_INFO_free(pointer) }
}

enum DigestContextObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe EVP_MD_CTX_free(pointer) }
}

enum NumberObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe BN_free(pointer) }
}

enum SignaturePairObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe ECDSA_SIG_free(pointer) }
}

enum CertificateObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe X509_free(pointer) }
}

enum CertificateListObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe copenssl_certificates_free(pointer) }
}

enum RequestObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe X509_REQ_free(pointer) }
}

enum NamesObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe GENERAL_NAMES_free(pointer) }
}

enum UsagesObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe EXTENDED_KEY_USAGE_free(pointer) }
}

enum ExtensionListObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe copenssl_extensions_free(pointer) }
}

enum StreamObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe BIO_free_all(pointer) }
}

enum StoreObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe X509_STORE_free(pointer) }
}

enum StoreContextObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe X509_STORE_CTX_free(pointer) }
}

enum TLSContextObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe SSL_CTX_free(pointer) }
}

enum TLSSessionObject: OpenSSLObject {
    static func free(_ pointer: OpaquePointer) { unsafe SSL_free(pointer) }
}
