import COpenSSL

/// What OpenSSL says after a call on a session.
enum TLSOutcome {
    case done
    case wantsRead
    case wantsWrite
    case closed
    case failed(OpenSSLError)

    /// Reads a failed call, right after it and on the same thread.
    init(of session: OpaquePointer, answer: Int32, _ operation: String) {
        let systemError = copenssl_errno()
        switch unsafe SSL_get_error(session, answer) {
        case SSL_ERROR_WANT_READ: self = .wantsRead
        case SSL_ERROR_WANT_WRITE: self = .wantsWrite
        case SSL_ERROR_ZERO_RETURN: self = .closed
        case SSL_ERROR_SYSCALL:
            // The queue knows nothing of what the socket said.
            let gone = systemError == ECONNRESET || systemError == EPIPE || systemError == 0
            self = gone ? .closed : .failed(OpenSSLError(drainingAfter: operation).preceded(by: systemError))
        default:
            let isTruncated = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
            let error = OpenSSLError(drainingAfter: operation)
            let verdict = unsafe SSL_get_verify_result(session)
            if isTruncated {
                self = .closed
            } else if verdict != X509_V_OK {
                let reason = unsafe String(cString: X509_verify_cert_error_string(verdict))
                self = .failed(error.preceded(by: reason))
            } else {
                self = .failed(error)
            }
        }
    }

    /// Whether OpenSSL forbids further calls on the session.
    var isFatal: Bool {
        switch self {
        case .failed: true
        case .done, .wantsRead, .wantsWrite, .closed: false
        }
    }
}

extension OpenSSLError {
    fileprivate func preceded(by number: Int32) -> OpenSSLError {
        unsafe preceded(by: String(cString: strerror(number)))
    }
}

extension Owned where Object == StreamObject {
    /// A stream over a socket that stays the caller's.
    init(borrowing descriptor: Int32) throws(OpenSSLError) {
        let stream = try unsafe Owned("BIO_new") { unsafe BIO_new(QuietSocket.method) }
        try check("BIO_set_fd") {
            unsafe stream.withPointer { unsafe copenssl_borrow_socket($0, descriptor) }
        }
        self = stream
    }
}

/// The socket stream that does not raise SIGPIPE; made once and kept for the life of the process.
private enum QuietSocket {
    nonisolated(unsafe) static let method = unsafe copenssl_quiet_socket_method()
}
