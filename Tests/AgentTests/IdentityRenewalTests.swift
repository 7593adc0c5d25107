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

@Suite struct IdentityRenewalTests {
    private func failure(_ result: Result<IdentityFacts, RenewalFailure>) throws -> RenewalFailure {
        guard case .failure(let failure) = result else { throw Missing() }
        return failure
    }

    @Test func `a renewal keeps the key and brings a new certificate with its chain`() async throws {
        let host = try LabHost()
        let first = try await host.enroll().get()
        let key = try host.bytes(host.settings.identity.keyPath)
        let second = try await host.renewIdentity().get()
        #expect(second.serial != first.serial)
        let chain = try host.identityChain()
        #expect(chain.leaf.serialHex == second.serial)
        #expect(chain.intermediates.count == 1)
        #expect(try host.bytes(host.settings.identity.keyPath) == key)
        #expect(try host.mode(host.settings.identity.certificatePath) == 0o600)
        #expect(try host.mode(host.settings.identity.keyPath) == 0o600)
        // The broker takes it.
        #expect(try await host.attempt().report != nil)
    }

    @Test func `an expired identity is renewed with a token of its own key`() async throws {
        let host = try LabHost()
        // As the lab's own authority would have issued it two hours ago, for an hour.
        let (start, name) = (Date.now - 7200, host.settings.identity.name)
        let pem = try host.bytes(host.lab.layout.authority + "/internal.crt")
        let authority = try required(Certificate.all(inPEM: pem).first)
        let authorityKey = try PrivateKey(pem: host.bytes(host.lab.layout.authority + "/internal.key"))
        let issuer = try required(CertificateIssuer(certificate: authority, key: authorityKey))
        let key = try PrivateKey.generate(.ecP256)
        let leaf = try issuer.issue(
            CertificateTemplate(
                commonName: name, dnsNames: [name], notBefore: start, notAfter: start + 3600,
                role: .leaf()), for: key.publicKey)
        let old = TestIdentity(
            chain: CertificateChain(leaf: leaf, intermediates: [authority]), keyPEM: try key.pkcs8PEM())
        try host.writeIdentity(old)

        let renewed = try await host.renewIdentity().get()
        #expect(renewed.serial != leaf.serialHex)
        #expect(renewed.notAfter > .now)
        #expect(try host.identityChain().leaf.serialHex == renewed.serial)
        #expect(try host.bytes(host.settings.identity.keyPath) == old.keyBytes)
        #expect(host.lab.counters.identities == 1)
    }

    @Test func `the pair that a renewal replaced is kept, and put back if a broker accepts it`() async throws
    {
        let host = try LabHost()
        let first = try await host.enroll().get()
        let chain = try host.bytes(host.settings.identity.certificatePath)
        let second = try await host.renewIdentity().get()
        let hands = host.hands()
        #expect(hands.lookAtIdentity().previous?.serial == first.serial)
        let kept = host.settings.stateDirectory + "/" + PreviousIdentity.keyName
        #expect(try host.mode(kept) == 0o600)

        let nobody = BrokerAddress("https://127.0.0.1:1")
        let broker = BrokerAddress(host.settings.broker.url.text)
        let outcomes = try await onThread {
            try [[nobody], [nobody, broker]].map {
                hands.restoreIdentity($0, in: WorkerContext(), stop: try StopSignal())
            }
        }
        guard case .failed(let failure) = outcomes[0] else { throw Missing() }
        #expect(failure.failureClass == .brokerUnreachable)
        #expect(outcomes[1] == .renewed(first))
        #expect(try host.bytes(host.settings.identity.certificatePath) == chain)
        let found = hands.lookAtIdentity()
        #expect(found.pair == .present(first))
        #expect(found.previous == nil)
        #expect(second.serial != first.serial)
        #expect(try await host.attempt().report != nil)
    }

    @Test func `the pair before is let go`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        _ = try await host.renewIdentity().get()
        let hands = host.hands()
        hands.forgetPreviousIdentity()
        #expect(hands.lookAtIdentity().previous == nil)
        #expect(try File.status(host.settings.stateDirectory + "/" + PreviousIdentity.keyName) == nil)
    }

    @Test func `without an identity there is nothing to renew`() async throws {
        let host = try LabHost()
        #expect(try failure(try await host.renewIdentity()).failureClass == .notEnrolled)
    }

    @Test func `an expired identity of a stranger is refused`() async throws {
        let host = try LabHost()
        let authority = try TestAuthority()
        try host.writeIdentity(
            try authority.identity(
                authority.template(
                    commonName: host.settings.identity.name, usages: [.clientAuth],
                    notBefore: authority.now - 7200, lifetime: 3600)))
        let failure = try failure(try await host.renewIdentity())
        #expect(failure.failureClass == .caRefused)
        #expect(failure.detail.contains("401"))
    }

    @Test func `the pair changes as one, whatever call fails`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        func pair() throws -> [[UInt8]] {
            try [host.settings.identity.certificatePath, host.settings.identity.keyPath].map(host.bytes)
        }
        let before = try pair()
        var failures = 0
        for number in 1...40 {
            let calls = Lock(0)
            let seam = InstallSeam { (call, path) throws(SystemError) in
                let count = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                if count == number { throw SystemError(call.rawValue, path, .noSpace) }
            }
            let warnings = host.capture.lines.count
            let result = try await host.renewIdentity(seam: seam)
            if calls.withLock({ $0 }) < number { break }
            switch result {
            case .failure(let failure):
                failures += 1
                #expect(failure.stage == .install)
                #expect(failure.failureClass == .diskFull)
                #expect(try pair() == before)
            case .success(let facts):
                // The new pair is whole, and what is odd about it is told.
                #expect(try host.identityChain().leaf.serialHex == facts.serial)
                #expect(host.capture.lines.count > warnings)
                try Directory.open(host.state.path).entries().filter { $0.hasPrefix(".certplane-") }
                    .forEach { try Directory.open(host.state.path).unlink($0) }
                #expect(try IdentityFiles(host.settings.identity).presentable(at: .now).facts == facts)
                return
            }
            #expect(try !host.state.root.entries().contains { $0.hasPrefix(".certplane-") })
        }
        #expect(failures >= 6)
    }

    // MARK: Checks

    /// What the checks say of a chain for that key; nil when it passes.
    private func verdict(
        _ chain: CertificateChain, _ key: TestIdentity, _ authority: TestAuthority, _ host: TestHost
    ) throws -> RenewalFailure? {
        let bundle = try host.scratch.write("issuers.pem", authority.root.certificate.pem)
        let text = """
            state_dir: /s
            identity: {name: host.example.org, cert: /c, key: /k, issuer_ca_bundle: \(bundle),
              step_ca: {url: "https://ca.test", root_ca_bundle: /r}}
            broker: {url: "https://b.test", server_ca_bundle: /b}
            certificates: [{name: a, profile: p, dns_names: [a.test], key: /1, cert: /2, chain: /3,
              fullchain: /4}]
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml").identity
        do {
            _ = try IdentityChecks(settings: settings, now: .now).passAll(
                chain.certificates.map(\.pem), key: key.keyPEM)
            return nil
        } catch {
            #expect(error.stage == .checks)
            return error
        }
    }

    @Test func `nothing is taken for an identity that the broker would refuse`() throws {
        let host = try TestHost()
        let authority = host.authority
        let name = "host.example.org"
        let key = try authority.client(name)
        let other = try TestAuthority(named: "Other")
        func chain(
            _ name: String = name, by issuer: TestAuthority? = nil,
            usages: [ExtendedKeyUsage] = [.clientAuth],
            from start: TimeInterval = -3600, lifetime: TimeInterval = 86_400
        ) throws -> CertificateChain {
            let issuer = issuer ?? authority
            return try issuer.chain(
                issuer.template(
                    commonName: name, usages: usages, notBefore: host.now + start, lifetime: lifetime),
                for: try key.key().publicKey)
        }
        #expect(try verdict(chain(), key, authority, host) == nil)
        // step-ca's clock may be ahead a little, but an identity for tomorrow locks the machine out today.
        #expect(try verdict(chain(from: 120), key, authority, host) == nil)
        let cases: [(FailureClass, String, CertificateChain)] = [
            (.caRefused, "another key", try authority.client(name).chain),
            (.caRefused, "somebody.else.test", try chain("somebody.else.test")),
            (.caRefused, "by a client", try chain(usages: [.serverAuth])),
            (.caRefused, "expired", try chain(from: -7200, lifetime: 3600)),
            (.caUntrusted, "does not lead to", try chain(by: other)),
            (.caUntrusted, "does not lead to", try chain(from: 86_400)),
            (
                .caUntrusted, "does not lead to",
                CertificateChain(leaf: try chain().leaf, intermediates: [])
            ),
        ]
        for (expected, said, chain) in cases {
            let failure = try required(try verdict(chain, key, authority, host))
            #expect(failure.failureClass == expected, "\(said): \(failure.detail)")
            #expect(failure.detail.contains(said), "\(failure.detail)")
        }
        let ca = try authority.root.issue(
            CertificateTemplate(
                commonName: name, notBefore: host.now - 60, notAfter: host.now + 3600, role: .authority()),
            for: try key.key().publicKey)
        let failure = try verdict(CertificateChain(leaf: ca, intermediates: []), key, authority, host)
        #expect(failure?.detail.contains("authority's") == true)
    }
}
