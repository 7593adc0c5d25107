import Broker
import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing
import Transfer

@testable import Agent

@Suite struct AttemptTests {
    @Test func `a first issuance writes key, certificate, chain and full chain`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        let attempted = try await host.attempt()
        let report = try required(attempted.report)
        #expect(attempted.stages == [.key, .csr, .order, .checks, .install])
        #expect(attempted.exchanges.map(\.status) == [200])
        #expect(!report.wasCached)
        #expect(report.warnings.isEmpty)
        let outputs = try host.outputs()
        #expect(outputs.keys.sorted() == ["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"])
        let leaf = try host.leaf()
        #expect(report.certificate.serial == leaf.serialHex)
        let key = try PrivateKey(pem: try required(outputs["privkey.pem"]))
        #expect(key.publicKey.spkiSHA256 == leaf.spkiSHA256)
        let parts = [try required(outputs["cert.pem"]), try required(outputs["chain.pem"])]
        #expect(try required(outputs["fullchain.pem"]) == parts.flatMap(\.self))
        #expect(try host.mode(host.certificate().outputs.key) == 0o600)
        #expect(try host.mode(host.certificate().outputs.cert) == 0o644)
        #expect(try host.pendingKey() == nil)
        #expect(host.lab.counters.orders == 1)

        let lines = host.capture.lines
        #expect(lines.contains { $0.contains("service key generated") && $0.contains("key=") })
        let requesting = try required(lines.first { $0.contains("requesting certificate") })
        let digest = try required(requesting.split(separator: "csr_sha256=").last)
        #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
        #expect(requesting.contains("certificate=www profile=www"))
        let found = host.hands().look(at: try host.certificate())
        #expect(found.installed?.serial == leaf.serialHex)
        #expect(found.key == .matches && found.lost.isEmpty && found.rebuildable.isEmpty)
    }

    @Test func `what was due for its files is not ordered when they are in order after all`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        let report = try required(try await host.attempt(mendsOnly: true).report)
        let attempted = try await host.attempt(mendsOnly: true)
        guard case .notNeeded(let found) = attempted.outcome else { throw Missing() }
        #expect(found.installed?.serial == report.certificate.serial)
        #expect(attempted.exchanges.isEmpty && host.lab.counters.orders == 1)

        let earlier = try await host.attempt(earlier: AttemptOrigin(serial: "a1"))
        #expect(earlier.outcome == attempted.outcome && host.lab.counters.orders == 1)
        let same = try await host.attempt(earlier: AttemptOrigin(serial: report.certificate.serial))
        #expect(same.report != nil && host.lab.counters.orders == 2)
    }

    @Test func `a renewal changes the key, and with reuse_key it does not`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        let first = try required(try await host.attempt().report).certificate
        let second = try required(try await host.attempt().report).certificate
        #expect(first.serial != second.serial)
        #expect(first.spkiSHA256 != second.spkiSHA256)
        #expect(host.lab.counters.orders == 2)

        let before = try host.outputs()
        let third = try await host.attempt(rotating: false)
        // The broker has a certificate for that key: it is the one that is installed.
        #expect(third.outcome == .unchanged(serial: second.serial))
        #expect(third.stages == [.key, .csr, .order, .checks])
        #expect(try host.outputs() == before)
        #expect(host.lab.counters.orders == 2)
        #expect(host.capture.lines.contains { $0.contains("service key reused") })
    }

    @Test func `another key type is a new key of that type`() async throws {
        let host = try LabHost(["--fault", "forbiddenx1"])
        _ = try await host.enroll().get()
        // A key of the old type waits.
        #expect(try await host.attempt().failure?.failureClass == .forbidden)
        let waiting = try required(host.pendingKey())
        var certificate = try host.certificate()
        certificate.keyType = .ecP384
        let report = try required(try await host.attempt(certificate, rotating: false).report)
        #expect(report.certificate.keyType == .ecP384)
        #expect(try PrivateKey(pem: host.bytes(certificate.outputs.key)).algorithm == .ecP384)
        #expect(try host.bytes(certificate.outputs.key) != waiting)
        #expect(try host.pendingKey() == nil)
    }

    static let faults: [FaultVector] = [
        FaultVector(
            spec: "rate-limited:7s", stage: .order, failureClass: .rateLimited, isPossibleOrder: false,
            retryAfter: .seconds(7), orders: 1),
        FaultVector(
            spec: "forbidden", stage: .order, failureClass: .forbidden, isPossibleOrder: false, orders: 1),
        FaultVector(
            spec: "internal-error", stage: .order, failureClass: .brokerError, isPossibleOrder: true,
            orders: 1),
        FaultVector(
            spec: "issuance-failed", stage: .order, failureClass: .issuanceFailed, isPossibleOrder: true,
            orders: 1),
        FaultVector(
            spec: "unavailable", stage: .order, failureClass: .brokerUnavailable, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "redirect", stage: .order, failureClass: .redirected, isPossibleOrder: false, orders: 1),
        FaultVector(
            spec: "hang", stage: .order, failureClass: .brokerTimeout, isPossibleOrder: true, orders: 1),
        FaultVector(
            spec: "wrong-key", stage: .checks, failureClass: .wrongKey, isPossibleOrder: false, orders: 1),
        FaultVector(
            spec: "expired-leaf", stage: .checks, failureClass: .leafExpired, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "swapped-chain", stage: .checks, failureClass: .brokenChain, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "missing-chain", stage: .checks, failureClass: .brokenChain, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "broken-chain", stage: .checks, failureClass: .brokenChain, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "wrong-names", stage: .checks, failureClass: .wrongNames, isPossibleOrder: false,
            orders: 1),
        FaultVector(
            spec: "truncated-json", stage: .order, failureClass: .answerMalformed, isPossibleOrder: true,
            orders: 1),
        FaultVector(
            spec: "too-large", stage: .order, failureClass: .answerTooLarge, isPossibleOrder: true,
            orders: 1),
        FaultVector(
            spec: "half-closed", stage: .order, failureClass: .connectionLost, isPossibleOrder: true,
            orders: 1),
        FaultVector(
            spec: "lost-answer", stage: .order, failureClass: .connectionLost, isPossibleOrder: true,
            orders: 1),
    ]

    @Test func `the table holds every fault of the lab`() {
        let names = Set(Self.faults.map { String($0.spec.prefix { $0 != ":" }) })
        let known = LabFault.catalogue.map { String($0.name.prefix { $0 != ":" }) }
        #expect(names == Set(known).subtracting(["latency"]))
    }

    @Test(arguments: faults)
    func `a fault leaves every file as it was, keeps the key, and costs no second order`(
        vector: FaultVector
    ) async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        _ = try required(try await host.attempt().report)
        let before = try host.outputs()

        try host.setFaults(vector.spec)
        let hands = host.hands { if vector.spec == "hang" { $0.broker.timeout = .seconds(3) } }
        let attempted = try await host.attempt(hands: hands)
        let failure = try required(attempted.failure)
        #expect(failure.stage == vector.stage)
        #expect(failure.failureClass == vector.failureClass, "\(failure.detail)")
        #expect(failure.isPossibleOrder == vector.isPossibleOrder)
        #expect(failure.placedOrder == (vector.stage == .checks))
        #expect(failure.retryAfter == vector.retryAfter)
        #expect(!failure.advice.isEmpty)
        #expect(attempted.stages.last == vector.stage)
        #expect(try host.outputs() == before)
        let waiting = try required(host.pendingKey())

        try host.setFaults()
        let report = try required(try await host.attempt().report)
        #expect(try host.bytes(host.certificate().outputs.key) == waiting)
        #expect(
            report.certificate.serial
                != InstalledCertificate(
                    try Certificate(
                        pem: try required(before["cert.pem"]))
                ).serial)
        // The first certificate, and this one: none besides.
        #expect(host.lab.counters.orders == 1 + vector.orders)
        #expect(try host.pendingKey() == nil)
    }

    @Test func `a lost answer is found in the broker's cache with the same key`() async throws {
        let host = try LabHost(["--fault", "lost-answerx1"])
        _ = try await host.enroll().get()
        let lost = try await host.attempt()
        #expect(lost.failure?.isPossibleOrder == true)
        #expect(try host.outputs().isEmpty)
        // After a restart too.
        let report = try required(try await host.attempt(hands: host.hands()).report)
        #expect(report.wasCached)
        #expect(host.lab.counters.orders == 1)
        #expect(host.lab.counters.cacheHits == 1)
    }

    @Test func `a retired key is not ordered for again`() async throws {
        let host = try LabHost(["--fault", "wrong-namesx1"])
        _ = try await host.enroll().get()
        let refused = try required(try await host.attempt().failure)
        #expect(refused.refusedSerial?.isEmpty == false)
        let retired = try required(host.pendingKey())
        let report = try required(try await host.attempt(retiring: true).report)
        #expect(!report.wasCached)
        #expect(try host.bytes(host.certificate().outputs.key) != retired)
        #expect(host.lab.counters.orders == 2)
    }

    @Test func `without a usable identity nothing is asked of the broker`() async throws {
        let host = try LabHost()
        #expect(try await host.attempt().failure?.failureClass == .notEnrolled)
        let authority = try TestAuthority()
        let old = try authority.identity(
            authority.template(
                commonName: host.settings.identity.name, usages: [.clientAuth],
                notBefore: authority.now - 7200, lifetime: 3600))
        try host.writeIdentity(old)
        #expect(try await host.attempt().failure?.failureClass == .identityExpired)
        try host.writeIdentity(try authority.client("somebody.else.test"))
        #expect(try await host.attempt().failure?.failureClass == .identityUnusable)
        // One of another authority is refused in the handshake.
        try host.writeIdentity(try authority.client(host.settings.identity.name))
        let refused = try required(try await host.attempt().failure)
        #expect(refused.failureClass == .identityRefused, "\(refused.detail)")
        #expect(!refused.isPossibleOrder)
        #expect(host.lab.counters.orders == 0)
        #expect(host.lab.counters.refusals == 0)
        #expect(try host.outputs().isEmpty)
    }

    @Test func `a bundle of trust that is no bundle is told with its path`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        for (content, said) in [
            ("", "no certificate in it"), ("torn", "no certificate in it"), (nil, "ENOENT"),
        ] {
            let path = host.scratch.path("bundle.pem")
            if let content {
                try host.scratch.write("bundle.pem", content)
            } else {
                try host.scratch.open().unlink("bundle.pem")
            }
            let hands = host.hands { $0.broker.serverCABundlePath = path }
            let failure = try required(try await host.attempt(hands: hands).failure)
            #expect(failure.failureClass == .brokerTLSFailed)
            #expect(failure.detail.contains(path) && failure.detail.contains(said), "\(failure.detail)")
        }
    }

    @Test func `the broker being down is told as such, and nothing was sent`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        host.lab.stop()
        let attempted = try await host.attempt()
        #expect(attempted.failure?.failureClass == .brokerUnreachable)
        #expect(attempted.failure?.isPossibleOrder == false)
        #expect(attempted.exchanges.map(\.status) == [nil])
    }

    // MARK: The other hands

    @Test func `outputs that are gone are rebuilt without an order`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        _ = try required(try await host.attempt().report)
        let before = try host.outputs()
        let certificate = try host.certificate()
        try Directory.open(host.lab.layout.outputs + "/www").unlink("chain.pem")
        let found = host.hands().look(at: certificate)
        #expect(found.rebuildable == [.chain])
        #expect(host.hands().rebuild(found.rebuildable, of: certificate) == nil)
        #expect(try host.outputs() == before)
        #expect(host.lab.counters.orders == 1)
    }

    @Test func `a record that can't be stored is told, with what to do`() throws {
        let host = try LabHost()
        let hands = host.hands()
        let name = try host.certificate().name
        #expect(hands.persist(CertificateRecord(), of: name))
        hands.keepRecords()
        #expect(hands.settleRecords(of: [name]))
        #expect(!host.capture.lines.contains { $0.contains("state could not be stored") })
        try Directory.open(host.state.path).openDirectory("state").unlink(name.fileName + ".json")
        try Directory.open(host.state.path).removeDirectory("state")
        #expect(hands.persist(CertificateRecord(), of: name))
        #expect(!hands.settleRecords(of: [name]))
        let line = try required(host.capture.lines.first { $0.contains("state could not be stored") })
        #expect(line.contains("level=ERROR") && line.contains("certificate=www") && line.contains("advice="))
    }

    @Test func `a refused token is not tried again, and a fresh one is`() async throws {
        let host = try LabHost()
        let hands = host.hands()
        try host.scratch.write("lab/bootstrap-token", "aaaa.bbbb.cccc\n", mode: 0o600)
        #expect(hands.lookAtIdentity().hasBootstrapToken)
        let outcome = try await onThread {
            hands.enroll(in: WorkerContext(), stop: try StopSignal())
        }
        guard case .failed(let failure) = outcome else { throw Missing() }
        #expect(failure.failureClass == .tokenRefused)
        #expect(!hands.lookAtIdentity().hasBootstrapToken)
        try host.lab.writeBootstrapToken()
        #expect(hands.lookAtIdentity().hasBootstrapToken)
        let second = try await onThread { hands.enroll(in: WorkerContext(), stop: try StopSignal()) }
        guard case .renewed(let facts) = second else { throw Missing() }
        #expect(facts.name == host.settings.identity.name)
        let third = try await onThread { hands.renewIdentity(in: WorkerContext(), stop: try StopSignal()) }
        guard case .renewed(let renewed) = third else { throw Missing() }
        #expect(renewed.serial != facts.serial)
        #expect(hands.lookAtIdentity().pair == .present(renewed))
    }
}
