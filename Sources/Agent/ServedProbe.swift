import PKI
import POSIX

/// One connection to a service, made only to see its leaf.
struct ServedProbe {
    /// How the service is asked.
    struct Approach {
        /// Of several certificates, the one for such a key; whichever there is without it.
        var keyKind: TLSProbe.KeyKind?
        /// PostgreSQL's servers are asked for TLS first, before version 17 always.
        var negotiatesPostgreSQL: Bool
    }

    enum Failure: Error {
        case stopped
        /// There is nobody to ask.
        case unreachable(String)
        /// Somebody is there and has shown no certificate this way.
        case nothingShown(String)
    }

    /// For the connection and its handshake together.
    private static let longest: Duration = .seconds(5)

    let endpoint: ServiceEndpoint
    let serverName: String?
    let stop: Bell

    func shownCertificate(by approach: Approach) throws(Failure) -> Certificate {
        let deadline = Clock.boottime() + Self.longest
        let socket: Socket
        do {
            socket = try Socket.dial(host: endpoint.host, port: endpoint.port, until: deadline, stop: stop)
        } catch {
            throw error == .stopped ? .stopped : .unreachable("\(error)")
        }
        if approach.negotiatesPostgreSQL { try negotiatePostgreSQL(socket, deadline) }
        return try shake(socket, approach.keyKind, deadline)
    }

    private func shake(
        _ socket: borrowing Socket, _ keyKind: TLSProbe.KeyKind?, _ deadline: Duration
    ) throws(Failure) -> Certificate {
        let shown: Certificate?
        var end: String?
        do {
            var probe = try TLSProbe(
                descriptor: socket.descriptor.rawValue, serverName: serverName, keyKind: keyKind)
            var isOver = false
            while !isOver {
                switch probe.handshake() {
                case .finished: isOver = true
                case .wantsRead: try waitFor(socket, .receiving, deadline)
                case .wantsWrite: try waitFor(socket, .sending, deadline)
                case .closed:
                    end = "the connection was closed in the handshake"
                    isOver = true
                case .failed(let error):
                    end = "\(error)"
                    isOver = true
                }
            }
            shown = try probe.shownCertificate()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .nothingShown("\(error)")
        }
        guard let shown else { throw .nothingShown(end ?? "the handshake showed no certificate") }
        return shown
    }

    /// Sends `SSLRequest` (length 8, code 80877103), which is answered with one byte, `S` for yes (PostgreSQL
    /// documentation, "SSL Session Encryption" of the protocol's flow).
    private func negotiatePostgreSQL(_ socket: borrowing Socket, _ deadline: Duration) throws(Failure) {
        try waitFor(socket, .sending, deadline)
        let request: [UInt8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
        guard socket.send(request) == .sent(request.count) else {
            throw .nothingShown("the connection was closed")
        }
        try waitFor(socket, .receiving, deadline)
        var answer: [UInt8] = [0]
        guard socket.receive(into: &answer) == .received(1), answer == [UInt8(ascii: "S")] else {
            throw .nothingShown("the service speaks neither TLS nor PostgreSQL's protocol with TLS")
        }
    }

    private func waitFor(
        _ socket: borrowing Socket, _ direction: Socket.Direction, _ deadline: Duration
    ) throws(Failure) {
        let outcome: ConnectionWait
        do { outcome = try socket.wait(direction, until: deadline, stop: stop) } catch {
            throw .unreachable("\(error)")
        }
        switch outcome {
        case .ready: return
        case .timedOut: throw .nothingShown("no answer within \(Self.longest.components.seconds) seconds")
        case .stopped: throw .stopped
        }
    }
}
