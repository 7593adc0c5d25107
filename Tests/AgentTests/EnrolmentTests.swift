import Broker
import Configuration
import FoundationEssentials
import HTTP
import HTTPServer
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct EnrolmentTests {
    private func failure(_ result: Result<IdentityFacts, RenewalFailure>) throws -> RenewalFailure {
        guard case .failure(let failure) = result else { throw Missing() }
        #expect(!failure.advice.isEmpty)
        return failure
    }

    private func hasIdentity(_ host: LabHost) throws -> Bool {
        try File.status(host.settings.identity.certificatePath) != nil
            || File.status(host.settings.identity.keyPath) != nil
    }

    private func hasToken(_ host: LabHost) throws -> Bool {
        try File.status(host.lab.layout.bootstrapToken)?.size ?? 0 > 0
    }

    @Test func `a token does not print, not even when it is dumped`() {
        let token = StepCAToken("hunter2")
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), "\([token])", dumped] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
    }

    @Test func `a token becomes an identity, and is gone`() async throws {
        let host = try LabHost()
        let facts = try await host.enroll().get()
        #expect(facts.name == "edge01.lab.test")
        let chain = try host.identityChain()
        #expect(chain.leaf.serialHex == facts.serial)
        #expect(chain.intermediates.count == 1)
        let key = try PrivateKey(pem: host.bytes(host.settings.identity.keyPath))
        #expect(chain.leaf.matches(key.publicKey))
        // It lies in the state directory, where everything is private.
        #expect(try host.mode(host.settings.identity.certificatePath) == 0o600)
        #expect(try host.mode(host.settings.identity.keyPath) == 0o600)
        #expect(try File.status(host.lab.layout.bootstrapToken) == nil)
        #expect(host.lab.counters.identities == 1)
        #expect(host.capture.lines.isEmpty)
    }

    @Test func `outside the state directory the certificate may be read by all`() async throws {
        let host = try LabHost {
            $0.identity.certificatePath = $0.stateDirectory + "-2/id.crt"
            $0.identity.keyPath = $0.stateDirectory + "-2/id.key"
        }
        _ = try await host.enroll().get()
        #expect(try host.mode(host.settings.identity.certificatePath) == 0o644)
        #expect(try host.mode(host.settings.identity.keyPath) == 0o600)
    }

    @Test func `a valid identity is not replaced, and the token not used`() async throws {
        let host = try LabHost()
        let facts = try await host.enroll().get()
        try host.lab.writeBootstrapToken()
        let before = try host.bytes(host.settings.identity.certificatePath)
        let (settings, log) = (host.settings, host.log)
        let error = try await onThread {
            #expect(throws: EnrolmentFailure.self) { try Enrolment(settings, log: log).run() }
        }
        guard case .alreadyEnrolled(let found) = error else { throw Missing() }
        #expect(found.serial == facts.serial)
        #expect(try host.bytes(host.settings.identity.certificatePath) == before)
        #expect(try hasToken(host))
        #expect(host.lab.counters.identities == 1)
        // The running agent takes what the other hand brought for its own.
        #expect(try await host.enroll().get().serial == facts.serial)
        #expect(try hasToken(host))
    }

    @Test func `an expired identity, and a torn one, are replaced`() async throws {
        let host = try LabHost()
        let authority = try TestAuthority()
        let old = try authority.identity(
            authority.template(
                commonName: host.settings.identity.name, usages: [.clientAuth],
                notBefore: authority.now - 7200, lifetime: 3600))
        try host.writeIdentity(old)
        let first = try await host.enroll().get()
        #expect(try host.identityChain().leaf.serialHex == first.serial)
        try host.scratch.write("lab/agent/identity.crt", "torn")
        try host.lab.writeBootstrapToken()
        let second = try await host.enroll().get()
        #expect(try host.identityChain().leaf.serialHex == second.serial)
        #expect(first.serial != second.serial)
    }

    static let tokens: [(String?, FailureClass, String)] = [
        (nil, .notEnrolled, "can't be read"),
        ("", .notEnrolled, "is empty"),
        (" \n\t", .notEnrolled, "is empty"),
        ("two words", .tokenRefused, "holds no token"),
        ("tök€n", .tokenRefused, "holds no token"),
        (String(repeating: "x", count: 70_000), .notEnrolled, "can't be read"),
        ("garbage", .tokenRefused, "401"),
        ("aaaa.bbbb.cccc", .tokenRefused, "request id lab-"),
    ]

    @Test(arguments: tokens)
    func `a token that is none`(content: String?, expected: FailureClass, said: String) async throws {
        let host = try LabHost()
        if let content {
            try host.scratch.write("lab/bootstrap-token", content, mode: 0o600)
        } else {
            try Directory.open(host.scratch.path("lab")).unlink("bootstrap-token")
        }
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == expected)
        #expect(failure.detail.contains(said), "\(failure.detail)")
        if let content, content.count > 3 { #expect(!failure.detail.contains(content)) }
        #expect(try !hasIdentity(host))
    }

    @Test func `no token is configured`() async throws {
        let host = try LabHost { $0.identity.bootstrapTokenPath = nil }
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == .notEnrolled)
        #expect(failure.detail.contains("identity.bootstrap_token"))
    }

    @Test func `a token works once`() async throws {
        let host = try LabHost()
        let token = try host.scratch.read("lab/bootstrap-token")
        _ = try await host.enroll().get()
        for path in [host.settings.identity.certificatePath, host.settings.identity.keyPath] {
            try FileManager.default.removeItem(atPath: path)
        }
        try host.scratch.write("lab/bootstrap-token", token, mode: 0o600)
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == .tokenRefused)
        #expect(!failure.isTransient)
        // It stays: whoever looks into it sees which one it was.
        #expect(try hasToken(host))
    }

    @Test func `a spent token that can't be deleted is emptied, else everybody hears of it`() async throws {
        for (blocked, left, level) in [
            ([InstallSeam.Call.unlink], 0, "level=WARN"), ([.unlink, .write], 1, "level=ERROR"),
        ] {
            let host = try LabHost()
            let seam = InstallSeam { (call, path) throws(SystemError) in
                if blocked.contains(call) { throw SystemError("unlink", path, .busy) }
            }
            _ = try await host.enroll(seam: seam).get()
            #expect(try min(1, required(File.status(host.lab.layout.bootstrapToken)).size) == left)
            let line = try required(host.capture.lines.last)
            #expect(line.contains(level) && line.contains("bootstrap token"), "\(line)")
            #expect(line.contains(host.lab.layout.bootstrapToken))
        }
    }

    @Test func `the token of another machine is refused, and nothing is written`() async throws {
        let host = try LabHost { $0.identity.name = "other.lab.test" }
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == .caRefused)
        #expect(failure.detail.contains("403") && failure.detail.contains("common name"))
        #expect(try !hasIdentity(host))
        #expect(host.lab.counters.identities == 0)
    }

    @Test func `step-ca is known by its root's fingerprint, in any notation`() async throws {
        let host = try LabHost()
        let root = try Certificate(pem: host.bytes(host.lab.layout.stepCARoot))
        var settings = host.settings.identity
        settings.stepCA.trust = .fingerprint(
            try required(Fingerprint("SHA256:" + root.sha256.uppercased())))
        _ = try await host.enroll(settings).get()
        #expect(host.lab.counters.identities == 1)
    }

    @Test func `a root of another fingerprint is not trusted, whoever shows it`() async throws {
        let host = try LabHost()
        let stranger = try TestAuthority()
        let (strange, pem) = (stranger.root.certificate.sha256, stranger.root.certificate.pem)
        var settings = host.settings.identity
        // step-ca has no such root.
        settings.stepCA.trust = .fingerprint(try required(Fingerprint(strange)))
        let unknown = try failure(try await host.enroll(settings))
        #expect(unknown.failureClass == .caUntrusted, "\(unknown.detail)")
        #expect(unknown.detail.contains("404"))
        // Somebody in between shows the root that it has.
        let body = try String(decoding: JSONEncoder().encode(["ca": pem]), as: UTF8.self)
        let server = try ScriptedServer(stranger.server()) { _, _ in .now(Response(.ok, text: body)) }
        let root = try Certificate(pem: host.bytes(host.lab.layout.stepCARoot))
        settings.stepCA.url = try HTTPSURL(validating: server.url)
        settings.stepCA.trust = .fingerprint(try required(Fingerprint(root.sha256)))
        #expect(try failure(try await host.enroll(settings)).failureClass == .caUntrusted)
        #expect(server.requests.count == 1)
        // And by its bundle.
        settings.stepCA.trust = .rootBundle(path: host.lab.layout.stepCARoot)
        #expect(try failure(try await host.enroll(settings)).failureClass == .caUntrusted)
        #expect(server.requests.count == 1)
        #expect(try hasToken(host))
    }

    @Test func `step-ca being down costs no token`() async throws {
        let host = try LabHost()
        host.lab.stop()
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == .caUnreachable)
        #expect(failure.isTransient)
        #expect(try hasToken(host))
    }

    @Test func `what would fail after the token is spent fails before`() async throws {
        let host = try LabHost()
        try host.scratch.write("file", "in the way")
        let changes: [(FailureClass, (inout IdentitySettings) -> Void)] = [
            (.fileSystemError, { $0.certificatePath = host.scratch.path("file/id.crt") }),
            (.fileSystemError, { $0.keyPath = host.scratch.path("file/id.key") }),
            (.caUntrusted, { $0.issuerCABundlePath = host.scratch.path("file") }),
            (.caUntrusted, { $0.issuerCABundlePath = host.scratch.path("missing") }),
        ]
        for (expected, change) in changes {
            var settings = host.settings.identity
            change(&settings)
            let failure = try failure(try await host.enroll(settings))
            #expect(failure.failureClass == expected, "\(failure.detail)")
            #expect(try hasToken(host))
            #expect(try !hasIdentity(host))
        }
        #expect(host.lab.counters.identities == 0)
        #expect(try host.state.root.entries().allSatisfy { !$0.hasPrefix(".certplane-") })
    }

    @Test func `two enrolments at once are one`() async throws {
        let host = try LabHost()
        let lock = try host.state.lock(.enrolling)
        let failure = try failure(try await host.enroll())
        #expect(failure.failureClass == .identityBusy)
        #expect(failure.detail.contains("another enrolment is under way"))
        #expect(try hasToken(host))
        _ = consume lock
        _ = try await host.enroll().get()
    }

    @Test(arguments: [
        (429, "", FailureClass.caRefused, true), (500, "", .caRefused, true),
        (400, #"{"status":400,"message":"a\nb"}"#, .caRefused, false), (201, "{}", .caRefused, true),
        (201, #"{"crt":"torn"}"#, .caRefused, true), (302, "", .caRefused, false),
    ])
    func `every other answer of step-ca is a refusal`(
        status: Int, body: String, expected: FailureClass, isTransient: Bool
    ) async throws {
        let host = try LabHost()
        let authority = try TestAuthority()
        let server = try ScriptedServer(authority.server()) { _, _ in
            .now(Response(Status(status), text: body, fields: [Field("X-Request-Id", "id-7")]))
        }
        try host.scratch.write("other-root.pem", authority.root.certificate.pem)
        var settings = host.settings.identity
        settings.stepCA.url = try HTTPSURL(validating: server.url)
        settings.stepCA.trust = .rootBundle(path: host.scratch.path("other-root.pem"))
        let failure = try failure(try await host.enroll(settings))
        #expect(failure.failureClass == expected)
        #expect(failure.isTransient == isTransient, "\(failure.detail)")
        if status != 201 { #expect(failure.detail.contains("id-7")) }
        #expect(!failure.detail.contains("\n"))
        #expect(try !hasIdentity(host))
    }
}
