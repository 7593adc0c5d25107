import HTTP
import HTTPServer
import PKI
import POSIX
import TestSupport
import Testing

struct TLSTests {
    private func context(
        _ authority: TestAuthority, _ clients: ClientCertificates = .notRequested
    ) throws -> TLSServerContext {
        let identity = try authority.server()
        return try TLSServerContext(
            chain: identity.chain, key: try identity.key(), clientCertificates: clients)
    }

    private func curl(_ server: RunningReactor, _ scratch: ScratchDirectory, _ arguments: [String]) throws
        -> String
    {
        let port = server.listening.port ?? 0
        let command = ChildCommand(
            executable: "/usr/bin/curl",
            arguments: ["-sS", "--max-time", "20", "--cacert", scratch.path("root.pem")]
                + ["--resolve", "localhost:\(port):127.0.0.1"]
                + arguments.map { $0.replacing("BASE", with: "https://localhost:\(port)") },
            environment: [:])
        let report = try command.run(
            within: ChildLimits(deadline: Clock.boottime() + .seconds(30), outputLimit: 1 << 24))
        return String(decoding: report.output, as: UTF8.self)
    }

    @Test func `a client that trusts the authority is served`() async throws {
        let authority = try TestAuthority()
        let scratch = try ScratchDirectory()
        try scratch.write("root.pem", String(decoding: authority.trustPEM, as: UTF8.self))
        let handler = try ScriptedHandler()
        let server = try RunningReactor(context: try context(authority), handler: handler)
        let output = try await onThread {
            try self.curl(server, scratch, ["-d", "hello", "BASE/a", "--next", "-sS", "BASE/close"])
        }
        #expect(output.hasPrefix("POST /a hello"))
        let peer = try #require(handler.peers.withLock { $0.first })
        #expect(peer.isSecure)
        #expect(peer.certificate == nil)
    }

    @Test func `a big answer comes whole through TLS`() async throws {
        let authority = try TestAuthority()
        let scratch = try ScratchDirectory()
        try scratch.write("root.pem", String(decoding: authority.trustPEM, as: UTF8.self))
        let handler = try ScriptedHandler(bigBytes: 5_000_000)
        let server = try RunningReactor(context: try context(authority), handler: handler)
        let file = scratch.path("big")
        let output = try await onThread {
            try self.curl(server, scratch, ["-o", file, "-w", "%{http_code}", "BASE/big"])
        }
        #expect(output == "200")
        #expect(try File.read(file, limit: 1 << 24) == handler.big.bytes)
    }

    @Test func `a client certificate shows in the peer`() async throws {
        let authority = try TestAuthority()
        let scratch = try ScratchDirectory()
        try scratch.write("root.pem", String(decoding: authority.trustPEM, as: UTF8.self))
        let client = try authority.client("host-1")
        try scratch.write("client.pem", String(decoding: client.chainPEM, as: UTF8.self))
        try scratch.write("client.key", String(decoding: client.keyBytes, as: UTF8.self))
        let handler = try ScriptedHandler()
        let server = try RunningReactor(
            context: try context(authority, .required(authorities: [authority.root.certificate])),
            handler: handler)
        let identity = ["--cert", scratch.path("client.pem"), "--key", scratch.path("client.key")]
        let output = try await onThread { try self.curl(server, scratch, identity + ["BASE/a"]) }
        #expect(output == "GET /a ")
        #expect(handler.peers.withLock { $0.first?.certificate?.sha256 } == client.leaf.sha256)
        let refused = try await onThread { try self.curl(server, scratch, ["BASE/a"]) }
        #expect(refused.hasPrefix("curl: ("))
        #expect(handler.peers.withLock { $0.count } == 1)
    }

    @Test func `s_client speaks HTTP to it`() async throws {
        let authority = try TestAuthority()
        let scratch = try ScratchDirectory()
        try scratch.write("root.pem", String(decoding: authority.trustPEM, as: UTF8.self))
        try scratch.write("request", get("/s_client", "Connection: close\r\n"))
        let server = try RunningReactor(context: try context(authority), handler: try ScriptedHandler())
        let port = server.listening.port ?? 0
        let script =
            "exec openssl s_client -quiet -verify_return_error -CAfile \(scratch.path("root.pem")) "
            + "-connect 127.0.0.1:\(port) < \(scratch.path("request")) 2>&1"
        let command = ChildCommand(
            executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
        let output = try await onThread {
            try command.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(30))).output
        }
        #expect(String(decoding: output, as: UTF8.self).contains("GET /s_client "))
    }

    @Test func `plain bytes are no handshake`() throws {
        let server = try RunningReactor(
            context: try context(try TestAuthority()), handler: try ScriptedHandler())
        let client = try server.client()
        try client.send(get("/a"))
        // What comes, if anything, is an alert.
        #expect(try client.rest().count < 64)
    }

    @Test func `a handshake that does not end is given up`() throws {
        var limits = ServerLimits()
        limits.handshakeTimeout = .milliseconds(50)
        let server = try RunningReactor(
            limits, context: try context(try TestAuthority()), handler: try ScriptedHandler())
        let client = try server.client()
        try client.send([0x16, 0x03, 0x01, 0x02])
        #expect(try client.isClosedSilently())
    }

    @Test func `the identity of a listener is exchanged at run time`() async throws {
        let old = try TestAuthority(named: "Old")
        let new = try TestAuthority(named: "New")
        let scratch = try ScratchDirectory()
        try scratch.write("root.pem", String(decoding: new.trustPEM, as: UTF8.self))
        let server = try RunningReactor(context: try context(old), handler: try ScriptedHandler())
        let refused = try await onThread { try self.curl(server, scratch, ["BASE/a"]) }
        #expect(refused.hasPrefix("curl: (60)"))
        server.reactor.secure(server.listening.id, with: try context(new))
        let output = try await onThread { try self.curl(server, scratch, ["BASE/a"]) }
        #expect(output == "GET /a ")
    }
}
