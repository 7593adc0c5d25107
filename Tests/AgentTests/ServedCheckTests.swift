import HTTP
import HTTPServer
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

struct ServedCheckTests {
    private let authority: TestAuthority
    private let stop: Bell

    init() throws {
        authority = try TestAuthority()
        stop = try Bell()
    }

    private func plan(
        _ port: UInt16, _ expected: TestIdentity, keyType: KeyType = .ecP256, patience: Duration = .zero
    ) throws -> VerifyPlan {
        VerifyPlan(
            name: try CertificateName(validating: "web"),
            target: VerifyTarget(address: "127.0.0.1:\(port)", serverName: "localhost"),
            sha256: expected.leaf.sha256, keyType: keyType, patience: patience)
    }

    private func observe(_ plan: VerifyPlan) async throws -> ServedObservation {
        try await onThread { [stop] in ServedCheck(plan: plan, stop: stop).run() }
    }

    @Test func `the leaf on disk is told from another one`() async throws {
        let (served, other) = (try authority.server(), try authority.server())
        let service = try TLSService(served)
        #expect(try await observe(plan(service.port, served)) == .matches)
        #expect(try await observe(plan(service.port, other)) == .differs(serial: served.leaf.serialHex))
    }

    @Test func `a certificate for another kind of key is a difference too`() async throws {
        let (served, expected) = (try authority.server(), try authority.server(key: .rsa2048))
        let service = try TLSService(served)
        let seen = try await observe(plan(service.port, expected, keyType: .rsa2048))
        #expect(seen == .differs(serial: served.leaf.serialHex))
    }

    @Test func `where nobody listens nothing is seen`() async throws {
        let served = try authority.server()
        let port = try TLSService(served).port
        guard case .unreachable(let reason) = try await observe(plan(port, served)) else {
            Issue.record("something was seen")
            return
        }
        #expect(reason.contains("ECONNREFUSED"))
    }

    @Test func `a service that takes the new certificate a moment later is given the time`() async throws {
        let (old, new) = (try authority.server(), try authority.server())
        let first = try TLSService(old)
        let port = first.port
        let plan = try plan(port, new, patience: .seconds(20))
        async let seen = observe(plan)
        try first.awaitVisit()
        first.stop()
        let second = try TLSService(new, port: port)
        #expect(try await seen == .matches)
        second.stop()
    }

    @Test func `a ring ends the wait`() async throws {
        let (old, new) = (try authority.server(), try authority.server())
        let service = try TLSService(old)
        let plan = try plan(service.port, new, patience: .seconds(600))
        async let seen = observe(plan)
        try service.awaitVisit()
        stop.ring()
        #expect(try await seen == .stopped)
    }

    @Test(arguments: [UInt8(ascii: "S"), UInt8(ascii: "N")])
    func `a PostgreSQL server is asked for TLS in its own words`(answer: UInt8) async throws {
        let served = try authority.server()
        let service = try PostgreSQLService(served, answer: answer)
        let seen = try await observe(plan(service.port, served))
        if answer == UInt8(ascii: "S") {
            #expect(seen == .matches)
        } else {
            guard case .unreachable = seen else {
                Issue.record("\(seen)")
                return
            }
        }
        #expect(service.requests.contains([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]))
    }

    @Test(
        arguments: [
            ("localhost:443", "localhost", 443, "localhost"), ("[::1]:8443", "::1", 8443, nil),
            ("127.0.0.1:5432", "127.0.0.1", 5432, nil),
        ] as [(String, String, UInt16, String?)])
    func `an address is a host, a port and perhaps a name`(
        text: String, host: String, port: UInt16, indicated: String?
    ) throws {
        let endpoint = try #require(ServiceEndpoint(text))
        #expect(endpoint.host == host && endpoint.port == port && endpoint.indicatedName == indicated)
    }
}

/// A TLS server on loopback that shows one certificate.
private final class TLSService: Sendable {
    let port: UInt16
    private let reactor: Reactor
    private let worker: Worker
    private let listening: Listening

    init(_ identity: TestIdentity, port: UInt16 = 0) throws {
        let context = try TLSServerContext(chain: identity.chain, key: identity.key())
        let reactor = try Reactor(handler: Silent())
        listening = try reactor.listen(.tcp(host: "127.0.0.1", port: port), secureContext: context)
        self.port = try required(listening.port)
        self.reactor = reactor
        worker = try Worker(name: "service") {
            do { try reactor.run() } catch { Issue.record("\(error)") }
        }
    }

    deinit { stop() }

    func stop() {
        reactor.stop(grace: .zero)
        worker.join()
    }

    /// Returns once somebody else could have looked: a look of our own has been served after theirs began.
    func awaitVisit() throws {
        let deadline = Clock.boottime() + .seconds(20)
        let socket = try Socket.dial(host: "127.0.0.1", port: port, until: deadline)
        var probe = try TLSProbe(
            descriptor: socket.descriptor.rawValue, serverName: nil, keyKind: nil)
        while probe.handshake() != .finished {
            guard try socket.wait(.receiving, until: deadline) == .ready else { return }
        }
    }

    private final class Silent: RequestHandler {
        func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
            .now(Response(.notFound))
        }
    }
}

/// As much of a PostgreSQL server as comes before TLS: what doesn't begin with `SSLRequest` is closed.
private final class PostgreSQLService: Sendable {
    let port: UInt16
    private let worker: Worker
    private let isOver: Bell
    private let seen = Lock<[[UInt8]]>([])

    var requests: [[UInt8]] { seen.withLock { $0 } }

    init(_ identity: TestIdentity, answer: UInt8) throws {
        let context = try TLSServerContext(chain: identity.chain, key: identity.key())
        let listener = try Socket.listen(host: "127.0.0.1", port: 0)
        port = try required(try listener.localPort())
        isOver = try Bell()
        worker = try Worker(name: "postgres") { [isOver, seen, listener] in
            while (try? listener.wait(.receiving, until: Clock.boottime() + .seconds(60), stop: isOver))
                == .ready
            {
                guard case .accepted(let socket, _) = listener.accept() else { continue }
                Self.serve(socket, context, answer, seen)
            }
        }
    }

    deinit {
        isOver.ring()
        worker.join()
    }

    private static func serve(
        _ socket: borrowing Socket, _ context: TLSServerContext, _ answer: UInt8, _ seen: Lock<[[UInt8]]>
    ) {
        let deadline = Clock.boottime() + .seconds(20)
        var request = [UInt8](repeating: 0, count: 8)
        guard (try? socket.wait(.receiving, until: deadline)) == .ready,
            case .received(8) = socket.receive(into: &request)
        else { return }
        seen.withLock { $0.append(request) }
        guard request.prefix(4) == [0, 0, 0, 8] else { return }
        _ = socket.send([answer])
        guard answer == UInt8(ascii: "S"),
            var session = try? TLSSession(context, descriptor: socket.descriptor.rawValue)
        else { return }
        while true {
            switch session.handshake() {
            case .wantsRead: _ = try? socket.wait(.receiving, until: deadline)
            case .wantsWrite: _ = try? socket.wait(.sending, until: deadline)
            default: return
            }
            if Clock.boottime() > deadline { return }
        }
    }
}
