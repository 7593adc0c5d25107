import HTTP
import PKI
import POSIX

/// A connection's bytes, plain or through TLS.
struct Transport: ~Copyable {
    /// What came of reading.
    enum Received {
        case bytes(Int)
        /// Nothing until the descriptor is ready for this.
        case blocked(Poller.Interest)
        case ended
        case failed
    }

    /// What came of sending.
    enum Sent {
        case bytes(Int)
        /// Nothing until the descriptor is ready for this.
        case blocked(Poller.Interest)
        case broken
    }

    let socket: Socket
    private var session: TLSSession?

    /// Takes over an accepted socket; with `context` it speaks TLS once the handshake is done.
    init(_ socket: consuming Socket, _ context: TLSServerContext?) throws(OpenSSLError) {
        if let context {
            session = try TLSSession(context, descriptor: socket.descriptor.rawValue)
        } else {
            session = nil
        }
        self.socket = socket
    }

    /// Goes on with the handshake; finished at once without TLS.
    mutating func handshake() -> TLSStep {
        session?.handshake() ?? .finished
    }

    func peerCertificate() throws(CertificateError) -> Certificate? {
        try session?.peerCertificate() ?? nil
    }

    /// A buffer as long as a TLS record leaves nothing behind in the session, about which the poller would be
    /// silent.
    mutating func receive(into buffer: inout [UInt8]) -> Received {
        switch session?.read(into: &buffer) {
        case .bytes(let count): return .bytes(count)
        case .wantsRead: return .blocked(.reading)
        case .wantsWrite: return .blocked(.writing)
        case .closed: return .ended
        case .failed: return .failed
        case nil: break
        }
        switch socket.receive(into: &buffer) {
        case .received(let count): return .bytes(count)
        case .wouldBlock: return .blocked(.reading)
        case .ended: return .ended
        case .failed: return .failed
        }
    }

    /// Sends what it can of `head` and then of `bodies`, of the first of them what is behind `skipped`. Not all of
    /// it is empty.
    mutating func send(_ head: Span<UInt8>, _ bodies: ArraySlice<[UInt8]>, skipping skipped: Int) -> Sent {
        if session != nil { return sendSecurely(head, bodies, skipping: skipped) }
        switch socket.send(head, bodies, skipping: skipped) {
        case .sent(let count): return .bytes(count)
        case .wouldBlock: return .blocked(.writing)
        case .broken: return .broken
        }
    }

    /// Sends what it can of `head` and then of at most `count` bytes of `file` from `offset` on.
    mutating func send(
        _ head: Span<UInt8>, _ file: any SealedFile, from offset: Int, count: Int
    ) -> Sent {
        if session == nil, let file = file as? MemoryFile {
            switch socket.send(head, file, from: offset, count: count) {
            case .sent(0): return .broken
            case .sent(let count): return .bytes(count)
            case .wouldBlock: return .blocked(.writing)
            case .broken: return .broken
            }
        }
        let part = file.bytes(from: offset, upTo: min(count, 16 * 1024))
        // Less than there must be: the answer can't be completed.
        guard !part.isEmpty else { return .broken }
        return send(head, [part][...], skipping: 0)
    }

    /// TLS makes its records of one part at a time.
    private mutating func sendSecurely(
        _ head: Span<UInt8>, _ bodies: ArraySlice<[UInt8]>, skipping skipped: Int
    ) -> Sent {
        let step =
            if let body = bodies.first, head.isEmpty {
                session?.write(body.span.extracting(droppingFirst: skipped))
            } else {
                session?.write(head)
            }
        switch step {
        case .bytes(let count): return .bytes(count)
        case .wantsRead: return .blocked(.reading)
        case .wantsWrite: return .blocked(.writing)
        case .closed, .failed, nil: return .broken
        }
    }

    /// Tells the peer that no more will come.
    mutating func endSending() {
        _ = session?.close()
        socket.shutDown(.sending)
    }
}
