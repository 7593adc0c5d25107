import Glibc
import POSIX
import TestSupport
import Testing

@testable import PKI

struct TLSProbeTests {
    private let authority: TestAuthority
    private let server: TestIdentity

    init() throws {
        authority = try TestAuthority()
        server = try authority.server()
    }

    /// What a probe of a server sees, and how its handshake ended.
    private func probe(
        _ context: TLSServerContext, keyKind: TLSProbe.KeyKind? = nil
    ) async throws -> (shown: Certificate?, end: TLSStep) {
        let loopback = try TLSLoopback()
        let port = loopback.port
        async let visit = onThread { try loopback.serve(context) }
        let seen = try await onThread {
            let deadline = Clock.boottime() + .seconds(20)
            let socket = try Socket.dial(host: "127.0.0.1", port: port, until: deadline)
            var probe = try TLSProbe(
                descriptor: socket.descriptor.rawValue, serverName: "localhost", keyKind: keyKind)
            var step = probe.handshake()
            while step == .wantsRead || step == .wantsWrite {
                let direction: Socket.Direction = step == .wantsRead ? .receiving : .sending
                guard try socket.wait(direction, until: deadline) == .ready else { break }
                step = probe.handshake()
            }
            return (try probe.shownCertificate(), step)
        }
        _ = try? await visit
        return seen
    }

    @Test func `a probe sees the leaf that is served, trusted or not`() async throws {
        let context = try TLSServerContext(chain: server.chain, key: server.key())
        let seen = try await probe(context)
        #expect(seen.end == .finished)
        #expect(seen.shown?.sha256 == server.leaf.sha256)
    }

    @Test func `a server that wants a certificate of the client has shown its own all the same`() async throws
    {
        let context = try TLSServerContext(
            chain: server.chain, key: server.key(),
            clientCertificates: .required(authorities: [authority.root.certificate]))
        #expect(try await probe(context).shown?.sha256 == server.leaf.sha256)
    }

    @Test func `asked for another kind of key, a server shows nothing`() async throws {
        let context = try TLSServerContext(chain: server.chain, key: server.key())
        let seen = try await probe(context, keyKind: .rsa)
        #expect(seen.shown == nil)
        #expect(seen.end != .finished)
        #expect(try await probe(context, keyKind: .elliptic).shown?.sha256 == server.leaf.sha256)
    }
}
