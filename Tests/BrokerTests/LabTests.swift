import Configuration
import FoundationEssentials
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Broker

/// A lab that runs, and curl to talk to it.
final class RunningLab: Sendable {
    let scratch: ScratchDirectory
    let lab: Lab
    let log = LogCapture()

    init(_ arguments: [String] = []) throws {
        scratch = try ScratchDirectory()
        let options = try LabOptions(arguments: ["--dir", scratch.path("lab")] + arguments)
        lab = try Lab(options, log: Logger(destination: .capture(log)))
        try lab.start()
    }

    deinit { lab.stop() }

    struct Answer {
        /// curl's own exit code.
        var exit: Int32
        var status: Int
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Runs curl; `body` is posted as JSON.
    func curl(_ url: String, _ arguments: [String] = [], body: [UInt8]? = nil) async throws -> Answer {
        try await onThread { [self] in
            let output = scratch.path("body-\(UUID().uuidString)")
            var all = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--output", output]
            all += ["--write-out", "%{stderr}%{http_code}"] + arguments
            if let body {
                let input = "request-\(UUID().uuidString)"
                try scratch.write(input, String(decoding: body, as: UTF8.self))
                all += [
                    "--header", "Content-Type: application/json", "--data-binary", "@" + scratch.path(input),
                ]
            }
            let command = ChildCommand(executable: "/usr/bin/curl", arguments: all + [url], environment: [:])
            let report = try command.run(within: ChildLimits(deadline: Clock.boottime() + .seconds(30)))
            guard case .exited(let code) = report.end else { throw Unanswered() }
            let status = Int(String(decoding: report.output.suffix(3), as: UTF8.self)) ?? 0
            let answer = (try? File.read(output, limit: 8 << 20)) ?? []
            return Answer(exit: code, status: status, body: answer)
        }
    }

    /// Gets the identity with the bootstrap token, as an agent would, and says curl's options for it.
    func enrol() async throws -> [String] {
        let token = try scratch.read("lab/bootstrap-token").filter { !$0.isWhitespace }
        let key = try PrivateKey.generate(.ecP256)
        let csr = try SigningRequest.create(commonName: lab.options.identity, dnsNames: [], key: key).pem
        try scratch.write("identity.key", text(try key.pkcs8PEM()))
        let answer = try await curl(
            lab.stepCAURL + "/1.0/sign", ["--cacert", lab.layout.stepCARoot],
            body: JSONText.encode(["csr": csr, "ott": token]))
        #expect(answer.status == 201, "\(answer.text)")
        let signed = try JSONDecoder().decode(SignedBody.self, from: Data(answer.body))
        try scratch.write("identity.crt", signed.certChain.joined())
        return [
            "--cert", scratch.path("identity.crt"), "--key", scratch.path("identity.key"), "--cacert",
            lab.layout.brokerServerBundle,
        ]
    }

    func order(_ body: [UInt8], as identity: [String]) async throws -> Answer {
        try await curl(lab.brokerURL + "/v1/certificates", identity, body: body)
    }

    private struct SignedBody: Decodable {
        var certChain: [String]
    }
}

/// A test's key as text, for the files of programs.
private func text(_ secret: SecretBytes) -> String {
    secret.withBytes { span in
        var bytes: [UInt8] = []
        for index in span.indices { bytes.append(span[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite struct `The lab over its sockets` {
    @Test func `curl enrols and orders a certificate that openssl verifies`() async throws {
        let running = try RunningLab(["--certificates", "2"])
        let identity = try await running.enrol()
        let body = try BrokerFixture.order()
        let answer = try await running.order(body, as: identity)
        #expect(answer.status == 200, "\(answer.text)")
        let bundle = try JSONDecoder().decode(BundleBody.self, from: Data(answer.body))
        try running.scratch.write("leaf.pem", bundle.cert_pem)
        try running.scratch.write("chain.pem", bundle.chain_pem)
        let report = try await onThread {
            let arguments = [
                "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "c0001.lab.test",
                "-CAfile",
                running.lab.layout.serviceRoot, "-untrusted", running.scratch.path("chain.pem"),
                running.scratch.path("leaf.pem"),
            ]
            return try ChildCommand(executable: "/usr/bin/openssl", arguments: arguments, environment: [:])
                .run(within: ChildLimits(deadline: Clock.boottime() + .seconds(20)))
        }
        #expect(report.end == .exited(0), "\(String(decoding: report.output, as: UTF8.self))")
        let again = try await running.order(body, as: identity)
        #expect(again.text.contains("\"cache\":\"hit\""))
        #expect(running.lab.counters.orders == 1)
        #expect(running.lab.counters.identities == 1)
    }

    @Test func `the root is fetched without verification and the identity renewed over mutual TLS`()
        async throws
    {
        let running = try RunningLab()
        let root = try Certificate(pem: try File.read(running.lab.layout.stepCARoot, limit: 1 << 16))
        let fetched = try await running.curl("\(running.lab.stepCAURL)/root/\(root.sha256)", ["--insecure"])
        #expect(fetched.status == 200)
        #expect(fetched.text.contains("BEGIN CERTIFICATE"))
        let identity = try await running.enrol()
        let renewed = try await running.curl(
            running.lab.stepCAURL + "/1.0/renew", identity + ["--request", "POST"])
        #expect(renewed.status == 201, "\(renewed.text)")
        #expect(running.lab.counters.identities == 2)
    }

    @Test func `the broker ends the handshake of a client without a certificate or with another CA's`()
        async throws
    {
        let running = try RunningLab()
        let trust = ["--cacert", running.lab.layout.brokerServerBundle]
        let health = running.lab.brokerURL + "/healthz"
        let stranger = try LabHierarchy.make("Stranger", now: Date())
        let key = try PrivateKey.generate(.ecP256)
        let leaf = try stranger.intermediate.issueLeaf(
            "edge01.lab.test", [], for: key.publicKey, LabValidity(lifetime: .seconds(3600), now: Date()),
            usages: [.clientAuth])
        try running.scratch.write("stranger.pem", leaf.pem + stranger.intermediate.certificate.pem)
        try running.scratch.write("stranger.key", text(try key.pkcs8PEM()))
        let bare = try await running.curl(health, trust)
        let foreign = try await running.curl(
            health,
            trust + [
                "--cert", running.scratch.path("stranger.pem"), "--key", running.scratch.path("stranger.key"),
            ])
        #expect(bare.status == 0)
        #expect(bare.exit != 0)
        #expect(foreign.status == 0)
        #expect(foreign.exit != 0)
        let identity = try await running.enrol()
        #expect(try await running.curl(health, identity).text == "ok\n")
    }

    @Test func `faults that are not HTTP reach the client as such`() async throws {
        let running = try RunningLab([
            "--certificates", "1", "--fault", "lost-answerx1", "--fault", "half-closedx1",
        ])
        let identity = try await running.enrol()
        let body = try BrokerFixture.order()
        let lost = try await running.order(body, as: identity)
        let half = try await running.order(body, as: identity)
        let whole = try await running.order(body, as: identity)
        // curl: 52 is an empty reply, 56 a failure in receiving, 18 a partial file.
        #expect([52, 56].contains(lost.exit), "\(lost.exit)")
        #expect(lost.status == 0)
        #expect([18, 56].contains(half.exit), "\(half.exit)")
        #expect(half.status == 200)
        #expect(whole.exit == 0)
        #expect(whole.text.contains("\"cache\":\"hit\""))
        #expect(running.lab.counters.orders == 1)
    }

    @Test func `a call that hangs is let go when the lab ends`() async throws {
        let running = try RunningLab(["--certificates", "1", "--fault", "hang"])
        let identity = try await running.enrol()
        async let answer = running.order(try BrokerFixture.order(), as: identity)
        try await onThread {
            let deadline = Clock.boottime() + .seconds(20)
            while running.lab.counters.faults == 0, Clock.boottime() < deadline {
                _ = try Bell().wait(until: Clock.boottime() + .milliseconds(5))
            }
            running.lab.stop()
        }
        #expect(try await answer.exit != 0)
    }
}

private struct BundleBody: Decodable {
    var cert_pem: String
    var chain_pem: String
}

@Suite struct `The lab's directory` {
    static func lab(_ scratch: ScratchDirectory, _ arguments: [String] = []) throws -> Lab {
        try Lab(
            try LabOptions(arguments: ["--dir", scratch.path("lab")] + arguments),
            log: Logger(destination: .capture(LogCapture())))
    }

    @Test func `a second start keeps the CAs and writes a fresh token`() throws {
        let scratch = try ScratchDirectory()
        let kept = ["ca/step-ca-root.crt", "ca/agent-identity-ca-bundle.crt", "ca/service-root.crt"]
        func contents(_ names: [String]) throws -> [String] {
            try names.map { try scratch.read("lab/\($0)") }
        }
        _ = try Self.lab(scratch)
        let (firstKept, firstToken) = (try contents(kept), try scratch.read("lab/bootstrap-token"))
        _ = try Self.lab(scratch)
        #expect(try contents(kept) == firstKept)
        #expect(try scratch.read("lab/bootstrap-token") != firstToken)
    }

    @Test func `damaged CA files are replaced`() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.lab(scratch)
        let root = try scratch.read("lab/ca/service-root.crt")
        try scratch.write("lab/authority/service.key", "garbage")
        _ = try Self.lab(scratch)
        #expect(try scratch.read("lab/ca/service-root.crt") != root)
    }

    @Test func `secrets are readable by their owner alone`() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.lab(scratch)
        for name in [
            "bootstrap-token", "authority/internal.key", "authority/service.key", "authority/provisioner.key",
        ] {
            let status = try #require(try File.status(scratch.path("lab/\(name)")))
            #expect(status.mode & 0o777 == 0o600, "\(name)")
        }
        #expect(try File.status(scratch.path("lab/authority"))?.mode ?? 0 & 0o777 == 0o700)
    }

    @Test(arguments: [
        [], ["--certificates", "3"], ["--names", "*.a.test,*.b.test"], ["--api-listen", "off"],
        ["--reload-command", "echo \"$CERTPLANE_CERTIFICATE\" >> 'x y'\n"],
    ])
    func `the agent's configuration loads`(arguments: [String]) throws {
        let scratch = try ScratchDirectory()
        let lab = try Self.lab(scratch, arguments)
        let path = lab.layout.agentConfiguration
        let configuration = try AgentConfiguration.load(File.read(path, limit: 1 << 20), file: path)
        #expect(configuration.certificates.count == lab.options.certificates.count)
    }
}
