import Glibc
import POSIX
import TestSupport

@testable import PKI

/// A server of one connection at a time on the loopback interface: greets, reads a line, sends it back, closes.
final class TLSLoopback: Sendable {
    let port: UInt16
    private let listener: Socket

    /// What the server saw of one client.
    struct Visit: Sendable {
        var handshake: TLSStep = .wantsRead
        var received: [UInt8] = []
        var end: TLSTransfer = .wantsRead
        var peer: Certificate?
        var version = ""
    }

    init() throws {
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        guard let port = try listener.localPort() else { throw Errno.notFound }
        self.port = port
        self.listener = listener
    }

    /// Serves the next client to its end. Blocks: for a thread of its own.
    func serve(_ context: TLSServerContext, greeting: [UInt8] = Array("hello\n".utf8)) throws -> Visit {
        wait(listener.descriptor.rawValue, Int16(POLLIN))
        guard case .accepted(let socket, _) = listener.accept() else { throw Errno.wouldBlock }
        let descriptor = socket.descriptor.rawValue
        var session = try TLSSession(context, descriptor: descriptor)
        var visit = Visit()
        visit.handshake = finish(descriptor) { session.handshake() }
        guard visit.handshake == .finished else { return visit }
        visit.peer = try session.peerCertificate()
        visit.version = session.protocolVersion
        visit.end = send(greeting, &session, descriptor)
        var buffer = [UInt8](repeating: 0, count: 7)
        while case .bytes = visit.end, visit.received.last != UInt8(ascii: "\n") {
            visit.end = move(descriptor) {
                var span = buffer.mutableSpan
                return session.read(into: &span)
            }
            if case .bytes(let count) = visit.end { visit.received += buffer[..<count] }
        }
        if case .bytes = visit.end { visit.end = send(visit.received, &session, descriptor) }
        _ = session.close()
        return visit
    }

    private func send(_ bytes: [UInt8], _ session: inout TLSSession, _ descriptor: Int32) -> TLSTransfer {
        var sent = 0
        while sent < bytes.count {
            let outcome = move(descriptor) { session.write(bytes.span.extracting(sent...)) }
            guard case .bytes(let count) = outcome else { return outcome }
            sent += count
        }
        return .bytes(sent)
    }

    private func finish(_ descriptor: Int32, _ step: () -> TLSStep) -> TLSStep {
        while true {
            let outcome = step()
            switch outcome {
            case .wantsRead: wait(descriptor, Int16(POLLIN))
            case .wantsWrite: wait(descriptor, Int16(POLLOUT))
            case .finished, .closed, .failed: return outcome
            }
        }
    }

    private func move(_ descriptor: Int32, _ step: () -> TLSTransfer) -> TLSTransfer {
        while true {
            let outcome = step()
            switch outcome {
            case .wantsRead: wait(descriptor, Int16(POLLIN))
            case .wantsWrite: wait(descriptor, Int16(POLLOUT))
            case .bytes, .closed, .failed: return outcome
            }
        }
    }

    /// Until the descriptor is ready, or half a minute has passed: then the next call fails the test.
    private func wait(_ descriptor: Int32, _ events: Int16) {
        var watched = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&watched, 1, 30_000)
    }
}
