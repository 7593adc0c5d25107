import COpenSSL

/// The client's side of a handshake that is made only to see which certificate a server shows.
///
/// Nothing is trusted and nothing is sent, so the certificate need not be valid: whoever asks compares it with the one
/// that ought to be there. Over a non-blocking descriptor, which stays the caller's; no call blocks or raises SIGPIPE.
public struct TLSProbe: ~Copyable, @unchecked Sendable {
    private let object: Owned<TLSSessionObject>

    /// Prepares a handshake over `descriptor`, which must outlive it.
    ///
    /// - Parameter serverName: sent as server name indication (RFC 6066, 3); never a number.
    /// - Parameter keyKind: a server that has certificates for several kinds of keys shows the one for this.
    public init(descriptor: borrowing Int32, serverName: String?, keyKind: KeyKind?) throws(OpenSSLError) {
        let context = try unsafe Owned<TLSContextObject>("SSL_CTX_new") {
            unsafe SSL_CTX_new(TLS_client_method())
        }
        let object = try unsafe Owned<TLSSessionObject>("SSL_new") {
            unsafe context.withPointer { context in
                unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
                return unsafe SSL_new(context)
            }
        }
        if let serverName {
            try check("SSL_set_tlsext_host_name") {
                unsafe object.withPointer { unsafe copenssl_set_server_name($0, serverName) }
            }
        }
        if let keyKind {
            try check("SSL_set1_sigalgs_list") {
                unsafe object.withPointer {
                    unsafe copenssl_set_signature_algorithms($0, keyKind.signatureAlgorithms)
                }
            }
        }
        let socket = try Owned<StreamObject>(borrowing: descriptor)
        let stream = unsafe socket.release()
        unsafe object.withPointer { session in
            unsafe SSL_set_bio(session, stream, stream)
            unsafe SSL_set_connect_state(session)
        }
        self.object = object
    }

    /// Goes on with the handshake. A failure may come after the certificate was shown: a server that wants one of the
    /// client says so last.
    public mutating func handshake() -> TLSStep {
        let outcome = unsafe object.withPointer { session in
            ERR_clear_error()
            copenssl_clear_errno()
            let answer = unsafe SSL_do_handshake(session)
            return answer > 0 ? .done : unsafe TLSOutcome(of: session, answer: answer, "TLS handshake")
        }
        return switch outcome {
        case .done: .finished
        case .wantsRead: .wantsRead
        case .wantsWrite: .wantsWrite
        case .closed: .closed
        case .failed(let error): .failed(error)
        }
    }

    /// The leaf that the server has shown so far.
    public func shownCertificate() throws(CertificateError) -> Certificate? {
        try unsafe object.withPointer { session throws(CertificateError) in
            try unsafe Certificate.shown(by: session)
        }
    }

    /// The kinds of keys that servers hold certificates for side by side.
    public enum KeyKind: Hashable, Sendable {
        case elliptic, rsa

        fileprivate var signatureAlgorithms: String {
            switch self {
            case .elliptic: "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"
            case .rsa:
                "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
            }
        }
    }
}

extension Certificate {
    /// The certificate that the peer of a session has shown; nil without one.
    static func shown(by session: OpaquePointer) throws(CertificateError) -> Certificate? {
        guard let shown = unsafe Owned<CertificateObject>(owning: SSL_get1_peer_certificate(session)) else {
            return nil
        }
        let der: [UInt8]
        do {
            der = try unsafe shown.withPointer { shown throws(OpenSSLError) in
                try unsafe DER.encode("i2d_X509") { unsafe i2d_X509(shown, $0) }
            }
        } catch {
            throw .malformed(error)
        }
        return try Certificate(der: der)
    }
}
