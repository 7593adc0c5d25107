import FoundationEssentials
import Glibc
import POSIX
import TestSupport
import Testing

@testable import PKI

struct TLSSessionTests {
    private let scratch: ScratchDirectory
    private let authority: TestAuthority
    private let server: TestIdentity

    init() throws {
        scratch = try ScratchDirectory()
        authority = try TestAuthority()
        server = try authority.server()
        try scratch.write("root.pem", authority.root.certificate.pem)
    }

    private func context(
        _ clients: ClientCertificates = .notRequested, _ minimum: TLSVersion = .tls12
    ) throws -> TLSServerContext {
        try TLSServerContext(
            chain: server.chain, key: server.key(), clientCertificates: clients, minimumVersion: minimum)
    }

    /// One visit of `openssl s_client`, which sends a line; what it prints goes through `filter`.
    private func visit(
        _ context: TLSServerContext, greeting: [UInt8] = Array("hello\n".utf8), _ options: String = "",
        then filter: String = ""
    ) async throws -> (visit: TLSLoopback.Visit, said: String) {
        let loopback = try TLSLoopback()
        let port = loopback.port
        async let client = OpenSSLCommand.shell(
            "echo ping | openssl s_client -connect 127.0.0.1:\(port) -CAfile root.pem -verify_return_error "
                + "-verify_ip 127.0.0.1 -ign_eof \(options) 2>&1 \(filter)",
            in: scratch)
        let visit = try await serve(loopback, context, greeting)
        return (visit, try await client.1)
    }

    private func serve(
        _ loopback: TLSLoopback, _ context: TLSServerContext, _ greeting: [UInt8]
    ) async throws -> TLSLoopback.Visit {
        try await onThread { try loopback.serve(context, greeting: greeting) }
    }

    private func present(_ identity: TestIdentity) throws -> String {
        try scratch.write("client.pem", String(decoding: identity.leaf.pem.utf8, as: UTF8.self))
        try scratch.write("client-chain.pem", identity.chain.intermediates.map(\.pem).joined())
        try scratch.write("client.key", String(decoding: identity.keyBytes, as: UTF8.self), mode: 0o600)
        return "-cert client.pem -key client.key -cert_chain client-chain.pem"
    }

    @Test(arguments: [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")])
    func `bytes go both ways and the end is orderly`(option: String, version: String) async throws {
        let (visit, said) = try await visit(context(), option)
        #expect(visit.handshake == .finished)
        #expect(visit.version == version)
        #expect(visit.received == Array("ping\n".utf8))
        #expect(visit.peer == nil)
        #expect(said.contains("Verify return code: 0 (ok)"))
        #expect(said.contains("hello\n") && said.contains("ping\n"))
        #expect(said.contains("closed") && !said.contains("unexpected eof"))
    }

    @Test func `more than a socket holds is moved in parts`() async throws {
        let line = String(repeating: "0123456789abcdef", count: 8)
        let greeting = Array(String(repeating: line + "\n", count: 20_000).utf8)
        let (visit, said) = try await visit(context(), greeting: greeting, "-quiet", then: "| wc -c")
        #expect(visit.end == .bytes(5))
        let arrived = try #require(Int(said.filter(\.isNumber)))
        #expect(arrived >= greeting.count)
    }

    @Test func `the minimum version is kept`() async throws {
        let (old, _) = try await visit(context(), "-tls1_1 -cipher DEFAULT@SECLEVEL=0")
        let (middle, said) = try await visit(context(.notRequested, .tls13), "-tls1_2")
        for visit in [old, middle] {
            guard case .failed(let error) = visit.handshake else {
                Issue.record("\(visit.handshake)")
                continue
            }
            #expect(error.description.contains("protocol"))
        }
        #expect(said.contains("alert protocol version"))
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a client certificate is required, verified through its intermediate and shown`(version: String)
        async throws
    {
        let context = try context(.required(authorities: [authority.root.certificate]))
        let client = try authority.client("agent-1")
        let (visit, _) = try await visit(context, "\(version) \(try present(client))")
        #expect(visit.handshake == .finished)
        #expect(visit.peer == client.leaf)
        #expect(visit.peer?.subjectCommonName == "agent-1")
    }

    @Test func `a bundle of the intermediate alone trusts what it signed`() async throws {
        let context = try context(.required(authorities: [authority.intermediate.certificate]))
        _ = try present(authority.client("agent-1"))
        let (visit, _) = try await visit(context, "-cert client.pem -key client.key")
        #expect(visit.handshake == .finished)
    }

    @Test func `a client without a certificate is let in only where it is optional`() async throws {
        let (refused, _) = try await visit(context(.required(authorities: [authority.root.certificate])))
        let (accepted, _) = try await visit(context(.optional(authorities: [authority.root.certificate])))
        guard case .failed(let error) = refused.handshake else {
            Issue.record("\(refused.handshake)")
            return
        }
        #expect(error.description.contains("peer did not return a certificate"))
        #expect(accepted.handshake == .finished)
        #expect(accepted.peer == nil)
    }

    @Test(arguments: ["foreign", "server usage", "expired", "no intermediate"])
    func `a client certificate that cannot be trusted is refused, also where it is optional`(
        fault: String
    ) async throws {
        let identity =
            switch fault {
            case "foreign": try TestAuthority().client("agent-1")
            case "server usage": try authority.server()
            case "expired":
                try authority.identity(
                    authority.template(
                        commonName: "agent-1", usages: [.clientAuth], notBefore: authority.now - 7200,
                        lifetime: 3600))
            default: try authority.client("agent-1")
            }
        var options = try present(identity)
        if fault == "no intermediate" { options = "-cert client.pem -key client.key" }
        let (visit, said) = try await visit(
            context(.optional(authorities: [authority.root.certificate])), options)
        guard case .failed(let error) = visit.handshake else {
            Issue.record("\(visit.handshake)")
            return
        }
        let reason =
            switch fault {
            case "server usage": "unsuitable certificate purpose"
            case "expired": "certificate has expired"
            default: "unable to get local issuer certificate"
            }
        #expect(error.description.contains(reason))
        #expect(said.contains("alert"))
    }

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a session is never resumed`(version: String) async throws {
        let context = try context(.optional(authorities: [authority.root.certificate]))
        let (_, first) = try await visit(context, "\(version) -sess_out session")
        #expect(first.contains("\nNew, TLSv1."))
        #expect(!first.contains("TLS session ticket:"))
        let kept = (try? scratch.bytes("session")) != nil
        let (_, second) = try await visit(context, "\(version)\(kept ? " -sess_in session" : "")")
        #expect(second.contains("\nNew, TLSv1."))
        #expect(!second.contains("\nReused, TLSv1."))
    }

    @Test func `plain text is refused, and a client that goes away is gone`() async throws {
        let context = try context()
        for text in ["GET / HTTP/1.1\\r\\n\\r\\n", ""] {
            let loopback = try TLSLoopback()
            async let client = OpenSSLCommand.shell(
                "bash -c 'printf \"\(text)\" >/dev/tcp/127.0.0.1/\(loopback.port)'",
                in: scratch)
            let visit = try await serve(loopback, context, [])
            _ = try await client
            if text.isEmpty {
                #expect(visit.handshake == .closed)
            } else {
                guard case .failed(let error) = visit.handshake else {
                    Issue.record("\(visit.handshake)")
                    continue
                }
                #expect(error.description.contains("http request"))
            }
        }
    }

    @Test func `an alert to a peer that has gone raises no signal`() async throws {
        let context = try context()
        let (step, raised) = try await onThread {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
                throw Errno.notFound
            }
            defer { close(ends[0]) }
            // A ClientHello without content: the answer is an alert.
            let hello: [UInt8] = [0x16, 3, 1, 0, 4, 1, 0, 0, 0]
            _ = write(ends[1], hello, hello.count)
            close(ends[1])
            var pipeSignal = sigset_t()
            sigemptyset(&pipeSignal)
            sigaddset(&pipeSignal, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
            var session = try TLSSession(context, descriptor: ends[0])
            let step = session.handshake()
            var pending = sigset_t()
            sigpending(&pending)
            return (step, sigismember(&pending, SIGPIPE))
        }
        guard case .failed = step else {
            Issue.record("\(step)")
            return
        }
        #expect(raised == 0)
    }

    @Test func `a broken session stays broken`() async throws {
        let context = try context()
        let steps = try await onThread {
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
                throw Errno.notFound
            }
            defer { ends.forEach { _ = close($0) } }
            let noise = Array("GET / HTTP/1.1\r\n\r\n".utf8)
            _ = write(ends[1], noise, noise.count)
            var session = try TLSSession(context, descriptor: ends[0])
            return [session.handshake(), session.handshake(), session.close()]
        }
        let hasFailed = steps.map { if case .failed = $0 { true } else { false } }
        #expect(hasFailed == [true, true, true])
    }

    @Test func `a key that is not the certificate's is refused`() throws {
        #expect(throws: OpenSSLError.self) {
            try TLSServerContext(chain: server.chain, key: PrivateKey.generate(.ecP256))
        }
    }
}
