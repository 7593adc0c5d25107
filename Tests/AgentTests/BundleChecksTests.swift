import FoundationEssentials
import Lifecycle
import PKI
import TestSupport
import Testing

@testable import Agent

@Suite struct BundleChecksTests {
    let host: TestHost
    let pending: PublicKey

    init() throws {
        host = try TestHost()
        pending = try PrivateKey.generate(.ecP256).publicKey
    }

    /// How the checks end: the failure's class, or `nil` when they pass.
    private func failureClass(
        of bundle: UncheckedBundle, for certificate: ManagedCertificate? = nil
    ) -> FailureClass? {
        var host = host
        if let certificate { host.certificate = certificate }
        do {
            _ = try host.judge(bundle, pendingKey: pending)
            return nil
        } catch {
            #expect(error.stage == .checks)
            #expect(!error.advice.isEmpty)
            return error.failureClass
        }
    }

    @Test func `an honest bundle passes with its bytes as they were sent`() throws {
        var bundle = try host.bundle(for: pending)
        bundle.certificatePEM = "issued for you\n" + bundle.certificatePEM
        bundle.cache = "hit"
        guard case .issued(let issued) = try host.judge(bundle, pendingKey: pending) else { throw Missing() }
        #expect(issued.certificatePEM == bundle.certificatePEM)
        #expect(issued.chainPEM == bundle.chainPEM)
        #expect(issued.fullchainPEM == bundle.fullchainPEM)
        #expect(issued.key == .pending)
        #expect(issued.wasCached)
        #expect(issued.leaf.serial == bundle.serialNumber)
        #expect(issued.warnings.isEmpty)
    }

    @Test func `each fault of the leaf has a class of its own`() throws {
        let (now, day) = (host.now, 86_400.0)
        let other = try PrivateKey.generate(.ecP256).publicKey
        let authority = host.authority
        let asAuthority = CertificateChain(
            leaf: try authority.root.issue(
                CertificateTemplate(
                    commonName: "ca", dnsNames: TestHost.names, notBefore: now - day, notAfter: now + day,
                    role: .authority()), for: pending),
            intermediates: [authority.root.certificate])
        let cases: [(FailureClass, UncheckedBundle)] = [
            (.leafIsCA, UncheckedBundle(asAuthority)),
            (.leafNotForServers, try host.bundle(for: pending, usages: [.clientAuth])),
            (.leafNotForServers, try host.bundle(for: pending, usages: [])),
            (.wrongKey, try host.bundle(for: other)),
            (.wrongNames, try host.bundle(for: pending, names: ["a.example.org"])),
            (.wrongNames, try host.bundle(for: pending, names: TestHost.names + ["c.example.org"])),
            (.leafExpired, try host.bundle(for: pending, notBefore: now - 90 * day, lifetime: 89 * day)),
            (.leafNotYetValid, try host.bundle(for: pending, notBefore: now + 301)),
            (.alreadyDue, try host.bundle(for: pending, notBefore: now - 80 * day)),
        ]
        for (expected, bundle) in cases { #expect(failureClass(of: bundle) == expected) }
    }

    @Test func `a clock five minutes behind the authority's is no fault`() throws {
        #expect(failureClass(of: try host.bundle(for: pending, notBefore: host.now + 300)) == nil)
    }

    @Test func `an answer that is no certificate is unreadable`() throws {
        var bundle = try host.bundle(for: pending)
        for pem in ["", "no PEM at all", bundle.fullchainPEM, String(bundle.certificatePEM.dropLast(40))] {
            bundle.certificatePEM = pem
            #expect(failureClass(of: bundle) == .leafUnreadable)
        }
    }

    @Test func `a chain that does not lead from the leaf up is broken`() throws {
        let good = try host.bundle(for: pending)
        let stranger = try TestAuthority(named: "Stranger").intermediate.certificate.pem
        let another = try host.bundle(for: pending)
        var cases: [UncheckedBundle] = []
        func broken(_ change: (inout UncheckedBundle) -> Void) {
            var bundle = good
            change(&bundle)
            cases.append(bundle)
        }
        broken { $0.chainPEM = stranger }
        broken { $0.chainPEM = "" }
        broken { $0.chainPEM = $0.fullchainPEM }
        broken { $0.fullchainPEM = "" }
        broken { $0.fullchainPEM = $0.chainPEM + $0.certificatePEM }
        broken { $0.fullchainPEM = another.fullchainPEM }
        broken { $0.fullchainPEM = $0.certificatePEM }
        broken {
            $0.fullchainPEM = $0.certificatePEM + stranger
            $0.chainPEM = stranger
        }
        for bundle in cases { #expect(failureClass(of: bundle) == .brokenChain) }
    }

    @Test func `metadata must agree with the leaf`() throws {
        let good = try host.bundle(for: pending)
        var serial = good
        serial.serialNumber = "00" + good.serialNumber
        var start = good
        start.notBefore = good.notAfter
        var end = good
        end.notAfter = "tomorrow"
        for bundle in [serial, start, end] { #expect(failureClass(of: bundle) == .metadataMismatch) }
    }

    @Test func `an explicit window that the lifetime can bear is no reason to refuse`() throws {
        var certificate = host.certificate
        certificate.renewBefore = .explicit(.seconds(1000 * 86_400))
        #expect(failureClass(of: try host.bundle(for: pending), for: certificate) == nil)
    }

    @Test func `the installed certificate sent again is unchanged, unless an output is lost`() throws {
        let bundle = try host.bundle(for: pending)
        let leaf = InstalledCertificate(try Certificate(pem: Array(bundle.certificatePEM.utf8)))
        var found = FoundCertificate(certificate: .installed(leaf), key: .matches)
        guard case .unchanged(leaf.serial) = try host.judge(bundle, pendingKey: pending, found: found)
        else { throw Missing() }
        found.lost = [.chain, .fullchain]
        guard case .issued = try host.judge(bundle, pendingKey: pending, found: found) else {
            throw Missing()
        }
    }

    @Test func `for the installed key only a newer certificate is accepted`() throws {
        let installed = try PrivateKey.generate(.ecP256).publicKey
        let old = try host.bundle(for: installed, notBefore: host.now - 86_400)
        let leaf = InstalledCertificate(try Certificate(pem: Array(old.certificatePEM.utf8)))
        let found = FoundCertificate(certificate: .installed(leaf), key: .matches)
        let newer = try host.bundle(for: installed)
        guard
            case .issued(let issued) = try host.judge(
                newer, pendingKey: pending, installedKey: installed, found: found)
        else { throw Missing() }
        #expect(issued.key == .installed)
        let older = try host.bundle(for: installed, notBefore: host.now - 2 * 86_400)
        let failure = #expect(throws: RenewalFailure.self) {
            try host.judge(older, pendingKey: pending, installedKey: installed, found: found)
        }
        #expect(failure?.failureClass == .wrongKey)
        #expect(failure?.refusedSerial == older.serialNumber)
    }

    @Test func `an end before the installed one's is accepted with a warning`() throws {
        let long = try host.bundle(for: try PrivateKey.generate(.ecP256).publicKey, lifetime: 300 * 86_400)
        let leaf = InstalledCertificate(try Certificate(pem: Array(long.certificatePEM.utf8)))
        let found = FoundCertificate(certificate: .installed(leaf), key: .matches)
        let verdict = try host.judge(try host.bundle(for: pending), pendingKey: pending, found: found)
        guard case .issued(let issued) = verdict else { throw Missing() }
        #expect(issued.warnings.count == 1)
    }
}
