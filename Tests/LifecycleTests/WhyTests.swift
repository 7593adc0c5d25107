import FoundationEssentials
import Notation
import Testing

@testable import Lifecycle

/// The chain of reasons in a certificate's status: why due or not, what it waits for, what a person should do.
@Suite struct WhyTests {
    private let web: ManagedCertificate

    init() throws { web = try managed("web", reload: "reload it") }

    /// A host whose certificate was found like this.
    private func host(
        _ found: FoundCertificate, enrolled: Bool = true, tune: (inout LifecycleSettings) -> Void = { _ in }
    ) throws -> TestHost {
        var host = try TestHost([web], enrolled: enrolled, tune: tune)
        host.tell(.looked(web.name, found))
        return host
    }

    private func why(_ host: inout TestHost) throws -> String { try host.status(web.name).why }

    @Test func `before the first look nothing is known`() throws {
        var host = try TestHost([web])
        #expect(try why(&host) == "its files have not been looked at yet")
        #expect(try host.status(web.name).advice == nil)
    }

    @Test func `a valid one says when it is due, and asks for nothing`() throws {
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let status = try host.status(web.name)
        #expect(try status.why == "due at \(#require(status.nextRenewalAt).rfc3339)")
        #expect(status.advice == nil && status.cause == nil)
    }

    @Test func `what is wrong with the files is told with its cause`() throws {
        let installed = web.issued(at: Date(timeIntervalSince1970: 1_800_000_000))
        var other = installed
        other.dnsNames = ["other.example.test"]
        var rsa = installed
        rsa.keyType = .rsa2048
        let table: [(FoundCertificate, RenewalReason, String)] = [
            (.nothing, .missing, "the certificate file is missing"),
            (
                FoundCertificate(certificate: .unreadable("cert.pem: no PEM in it"), key: .matches),
                .unreadable, "the certificate file can't be read: cert.pem: no PEM in it"
            ),
            (
                FoundCertificate(certificate: .installed(installed), key: .missing), .keyMissing,
                "the private key is missing beside the certificate"
            ),
            (
                FoundCertificate(certificate: .installed(installed), key: .mismatch), .keyMismatch,
                "the private key does not belong to the certificate"
            ),
            (
                FoundCertificate(certificate: .installed(installed), key: .unreadable("key.pem: EACCES")),
                .keyMismatch, "the private key can't be read: key.pem: EACCES"
            ),
            (
                FoundCertificate(certificate: .installed(other), key: .matches), .namesChanged,
                "its names differ from dns_names"
            ),
            (
                FoundCertificate(certificate: .installed(rsa), key: .matches), .keyTypeChanged,
                "its key is of another type than key_type"
            ),
            (
                FoundCertificate(certificate: .installed(installed), key: .matches, lost: [.chain]),
                .incomplete, "an output file is missing and can't be rebuilt from the others"
            ),
        ]
        for (found, reason, text) in table {
            var host = try host(found)
            let status = try host.status(web.name)
            #expect(status.reason == reason)
            #expect(status.cause == text)
            #expect(status.why == "\(text); being renewed")
        }
    }

    @Test func `the window and the expiry are told with their dates`() throws {
        var host = try TestHost([web], enrolled: false)
        host.tell(.identityLooked(FoundIdentity(pair: .missing)))
        let found = web.found(at: host.now.wall, age: .days(80))
        host.tell(.looked(web.name, found))
        let end = try #require(found.installed?.notAfter)
        var status = try host.status(web.name)
        #expect(status.state == .waiting)
        let due = try #require(status.nextRenewalAt).rfc3339
        #expect(
            status.why
                == "it is inside its renewal window since \(due), and expires at \(end.rfc3339); "
                + "waits for a valid identity (not_enrolled)")
        #expect(status.advice == FailureClass.notEnrolled.advice)
        host.wait(.days(11))
        status = try host.status(web.name)
        #expect(status.state == .expired)
        #expect(status.why.hasPrefix("it expired at \(end.rfc3339); waits for a valid identity"))
    }

    @Test func `an identity that can't be renewed is advised on by what failed`() throws {
        var host = try TestHost([web], enrolled: false)
        var facts = host.identity(lifetime: .hours(24))
        facts.notBefore -= 48 * 3600
        facts.notAfter -= 48 * 3600
        host.tell(.looked(web.name, .nothing))
        host.tell(.identityLooked(FoundIdentity(pair: .present(facts))))
        #expect(try host.status(web.name).advice == FailureClass.identityExpired.advice)
        let failure = RenewalFailure(stage: .order, .caUnreachable, detail: "refused")
        host.tell(.identityRenewalEnded(.failed(failure)))
        #expect(try host.status(web.name).advice == FailureClass.caUnreachable.advice)
        let identity = host.snapshot().identity
        #expect(
            identity.why.hasPrefix(
                "it expired at \(facts.notAfter.rfc3339); the last try failed (ca_unreachable)"))
    }

    @Test func `each wait is told with its end`() throws {
        let table: [(RenewalFailure, String)] = [
            (.forbidden, "the last try failed at the step order (forbidden); next try at "),
            (.unreachable, "the broker can't be reached; it is tried again at "),
            (.rateLimited(nil), "the broker asked for a pause; it is tried again at "),
            (.fullDisk, "the last try failed at the step install (disk_full); next try at "),
        ]
        for (failure, text) in table {
            var host = try host(.nothing)
            host.tell(.attemptEnded(web.name, .failed(failure)))
            let status = try host.status(web.name)
            #expect(status.why.hasPrefix("the certificate file is missing; \(text)"), "\(status.why)")
            #expect(status.advice == failure.advice)
            #expect(status.nextAttemptAt.map { $0 > host.now.wall } == true)
        }
    }

    @Test func `a spent budget and an unchanged answer have an advice of their own`() throws {
        var host = try host(.nothing)
        for _ in 0..<20 {
            host.tell(.attemptEnded(web.name, .failed(.issuance)))
            if try host.status(web.name).why.contains("order budget") { break }
            _ = host.nextPlan(within: .hours(3))
        }
        #expect(try why(&host).contains("its order budget for seven days is spent; next order at "))
        #expect(try host.status(web.name).advice == FailureClass.orderBudgetSpent.advice)

        host = try TestHost([web])
        let old = web.found(at: host.now.wall, age: .days(80))
        host.tell(.looked(web.name, old))
        host.tell(.attemptEnded(web.name, .unchanged(serial: "a1")))
        #expect(
            try why(&host).contains(
                "the broker still gives the certificate that is installed; asked again at "))
        #expect(try host.status(web.name).advice == FailureClass.alreadyDue.advice)
    }

    @Test func `a reload is told from the install to its success`() throws {
        var host = try host(.nothing)
        let issued = web.issued(at: host.now.wall, serial: "b2")
        host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        #expect(try why(&host).hasPrefix("installed; its service is being reloaded; due at "))
        let failure = RenewalFailure(stage: .reload, .reloadTimeout, detail: "30 s")
        host.tell(.reloadEnded([web.name], .failed(failure)))
        #expect(
            try why(&host).hasPrefix(
                "installed, but its service could not be reloaded (reload_timeout, 1 failed run); next try at "
            ))
        #expect(try host.status(web.name).advice == FailureClass.reloadTimeout.advice)
    }

    @Test func `a removed one says so while its attempt ends`() throws {
        let stays = try managed("stays")
        var host = try TestHost([web, stays])
        host.tell(.looked(web.name, .nothing))
        host.tell(.configured([stays], host.settings))
        #expect(
            try why(&host) == "no longer in the configuration; the certificate file is missing; being renewed"
        )
    }

    @Test func `an output that can't be restored is told`() throws {
        var host = try TestHost([web])
        var found = web.found(at: host.now.wall)
        found.rebuildable = [.chain]
        host.tell(.looked(web.name, found))
        #expect(try why(&host).hasPrefix("an output is being restored from the others; due at "))
        host.tell(.rebuilt(web.name, .fullDisk))
        #expect(try why(&host).hasPrefix("an output can't be restored from the others (disk_full); due at "))
        #expect(try host.status(web.name).advice == FailureClass.diskFull.advice)
        // Somebody has put it back.
        host.wait(.minutes(10))
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        #expect(try why(&host).hasPrefix("due at "))
    }

    @Test func `who waits for a place is told how many there are`() throws {
        let other = try managed("other")
        var host = try TestHost([other, web]) { $0.concurrency = 1 }
        host.tell(.looked(other.name, .nothing))
        host.tell(.looked(web.name, .nothing))
        #expect(try why(&host).hasSuffix("waits for one of 1 places among the renewals"))
    }

    @Test func `an identity says what it is and what comes next`() throws {
        var host = try TestHost([web], enrolled: false)
        #expect(host.snapshot().identity.why == "its files have not been looked at yet")
        host.tell(.identityLooked(FoundIdentity(pair: .missing)))
        #expect(host.snapshot().identity.why == "there is none: this host is not enrolled")
        host.tell(.identityLooked(FoundIdentity(pair: .unusable("id.key is missing"))))
        #expect(host.snapshot().identity.why == "id.key is missing")
        host.tell(.identityLooked(FoundIdentity(pair: .present(host.identity()))))
        #expect(host.snapshot().identity.why.hasPrefix("due at "))
    }
}
