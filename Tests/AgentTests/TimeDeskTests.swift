import FoundationEssentials
import HTTP
import HTTPServer
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent
@testable import Transfer

/// Who gets a hearing when a host asks how late it is: servers that tell the true time, behind certificates of several
/// ages.
@Suite struct TimeDeskTests {
    private static let hour: TimeInterval = 3600

    let host: TestHost
    let files: IdentityFiles

    init() throws {
        host = try TestHost()
        let name = "host.example.org"
        files = IdentityFiles(
            name: name,
            paths: IdentityFiles.Paths(
                certificate: host.scratch.path("id.pem"), key: host.scratch.path("id.key"),
                issuerBundle: host.scratch.path("ca.pem"), bootstrapToken: host.scratch.path("token")))
        let identity = try host.authority.client(name)
        let authorities = [host.authority.root.certificate, host.authority.intermediate.certificate]
        try host.scratch.write("ca.pem", authorities.map(\.pem).joined())
        try host.scratch.write("id.pem", identity.chain.pem)
        try host.scratch.write("id.key", String(decoding: identity.keyBytes, as: UTF8.self), mode: 0o600)
    }

    /// A broker whose certificate is valid for an hour that begins so many hours from now.
    private func broker(validFrom hours: Double) throws -> ScriptedServer {
        let template = host.authority.template(
            commonName: "localhost", dnsNames: ["localhost"], addresses: ["127.0.0.1"], usages: [.serverAuth],
            notBefore: host.now + hours * Self.hour, lifetime: Self.hour)
        return try ScriptedServer(try host.authority.identity(template)) { _, _ in
            .now(Response(.ok, text: "ok\n"))
        }
    }

    private func ask(_ servers: ScriptedServer...) async throws -> TimeAnswer {
        let (files, bundle) = (files, host.scratch.path("ca.pem"))
        let brokers = servers.map { BrokerAddress($0.url) }
        return try await onThread {
            TimeDesk(
                identity: files, trustBundle: bundle, timeout: .seconds(10), session: try Session(),
                stop: StopFlag(), told: { _ in }
            ).ask(brokers)
        }
    }

    @Test func `a broker whose certificate is valid at the time it tells is heard`() async throws {
        let broker = try broker(validFrom: -0.5)
        guard case .told(let time, let teller) = try await ask(broker) else { throw Missing() }
        #expect(teller == BrokerAddress(broker.url))
        #expect(abs(time.date.timeIntervalSince(.now)) < 30)
        #expect(broker.requests.count == 2)
    }

    @Test(arguments: [-23.0, -1.1, 0.5, 23])
    func `one whose certificate isn't valid at that time is not`(start: Double) async throws {
        let broker = try broker(validFrom: start)
        #expect(try await ask(broker) == .unproven(by: BrokerAddress(broker.url)))
    }

    @Test func `the next one is asked then, and its word counts`() async throws {
        let (expired, valid) = (try broker(validFrom: -10), try broker(validFrom: -0.5))
        guard case .told(_, let teller) = try await ask(expired, valid) else { throw Missing() }
        #expect(teller == BrokerAddress(valid.url))
    }

    @Test func `nobody there is no answer`() async throws {
        #expect(try await ask() == .unanswered)
    }

    private struct Missing: Error {}
}
