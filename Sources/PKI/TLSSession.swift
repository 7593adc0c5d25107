import COpenSSL

/// How a handshake or a close went on.
public enum TLSStep: Hashable, Sendable {
    case finished
    /// Call again when the descriptor can be read.
    case wantsRead
    /// Call again when the descriptor can be written.
    case wantsWrite
    /// The peer is gone.
    case closed
    /// The session is broken; only the descriptor is left to be closed.
    case failed(OpenSSLError)
}

/// How a read or a write went on.
public enum TLSTransfer: Hashable, Sendable {
    /// At least one byte was moved.
    case bytes(Int)
    /// Call again when the descriptor can be read.
    case wantsRead
    /// Call again when the descriptor can be written.
    case wantsWrite
    /// The peer has ended its side, whether by close_notify or without: message framing tells a truncation.
    case closed
    /// The session is broken; only the descriptor is left to be closed.
    case failed(OpenSSLError)
}

/// The server's side of one TLS connection over a non-blocking descriptor, which stays the caller's.
///
/// No call blocks, and none raises SIGPIPE.
public struct TLSSession: ~Copyable, @unchecked Sendable {
    private let object: Owned<TLSSessionObject>
    /// After a fatal error OpenSSL forbids any further call.
    private var isBroken = false

    /// Prepares a session over `descriptor`, which must outlive it.
    public init(_ context: TLSServerContext, descriptor: borrowing Int32) throws(OpenSSLError) {
        let object = try unsafe Owned<TLSSessionObject>("SSL_new") {
            unsafe context.object.withPointer { unsafe SSL_new($0) }
        }
        let socket = try Owned<StreamObject>(borrowing: descriptor)
        let stream = unsafe socket.release()
        unsafe object.withPointer { session in
            unsafe SSL_set_bio(session, stream, stream)
            unsafe SSL_set_accept_state(session)
        }
        self.object = object
    }

    /// Goes on with the handshake. A refused client is told so by an alert.
    public mutating func handshake() -> TLSStep {
        unsafe step("TLS handshake") { unsafe SSL_do_handshake($0) }
    }

    /// Moves what has arrived into `buffer`, which must not be empty.
    public mutating func read(into buffer: inout MutableSpan<UInt8>) -> TLSTransfer {
        unsafe transfer("TLS read") { session, count in
            unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                unsafe SSL_read_ex(session, bytes.baseAddress, bytes.count, &count)
            }
        }
    }

    /// Moves what has arrived to the beginning of `buffer`, which must not be empty.
    public mutating func read(into buffer: inout [UInt8]) -> TLSTransfer {
        var span = buffer.mutableSpan
        return read(into: &span)
    }

    /// Moves the beginning of `bytes`, which must not be empty, to the peer; not necessarily all.
    public mutating func write(_ bytes: Span<UInt8>) -> TLSTransfer {
        unsafe transfer("TLS write") { session, count in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
            }
        }
    }

    /// Says close_notify. The peer's own is not waited for.
    public mutating func close() -> TLSStep {
        unsafe step("TLS close") { session in
            // 0 says that ours is out and the peer's is not in.
            let answer = unsafe SSL_shutdown(session)
            return answer == 0 ? 1 : answer
        }
    }

    /// Whether bytes wait inside the session, about which the descriptor will not wake anybody.
    public var hasBufferedBytes: Bool { unsafe object.withPointer { unsafe SSL_has_pending($0) } == 1 }

    /// The protocol of a finished handshake ("TLSv1.3").
    public var protocolVersion: String {
        unsafe object.withPointer { unsafe String(cString: SSL_get_version($0)) }
    }

    /// The certificate the client has shown and the context has accepted; nil without one.
    public func peerCertificate() throws(CertificateError) -> Certificate? {
        try unsafe object.withPointer { session throws(CertificateError) in
            try unsafe Certificate.shown(by: session)
        }
    }

    private mutating func step(_ operation: String, _ call: (OpaquePointer) -> Int32) -> TLSStep {
        switch unsafe attempt(operation, call) {
        case .done: .finished
        case .wantsRead: .wantsRead
        case .wantsWrite: .wantsWrite
        case .closed: .closed
        case .failed(let error): .failed(error)
        }
    }

    private mutating func transfer(
        _ operation: String, _ call: (OpaquePointer, inout Int) -> Int32
    ) -> TLSTransfer {
        var count = 0
        let outcome = unsafe attempt(operation) { unsafe call($0, &count) }
        return switch outcome {
        case .done: .bytes(count)
        case .wantsRead: .wantsRead
        case .wantsWrite: .wantsWrite
        case .closed: .closed
        case .failed(let error): .failed(error)
        }
    }

    private mutating func attempt(_ operation: String, _ call: (OpaquePointer) -> Int32) -> TLSOutcome {
        guard !isBroken else {
            return .failed(OpenSSLError(operation: "\(operation) after a failure", entries: []))
        }
        let outcome = unsafe object.withPointer { session in
            ERR_clear_error()
            copenssl_clear_errno()
            let answer = unsafe call(session)
            return answer > 0 ? .done : unsafe TLSOutcome(of: session, answer: answer, operation)
        }
        if outcome.isFatal { isBroken = true }
        return outcome
    }
}
