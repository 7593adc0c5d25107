import FoundationEssentials
import Lifecycle
import Log
import Testing

@testable import Agent

/// An event and the line it becomes, without its time.
struct EventVector: Sendable, CustomTestStringConvertible {
    var event: Event
    /// As written when nothing is held back; nil for no line at all.
    var line: String?

    var testDescription: String { line.map { String($0.prefix(60)) } ?? "\(event)" }
}

private let now = Date(timeIntervalSince1970: 1_800_000_000)

private func name(_ text: String = "web") -> CertificateName {
    do { return try CertificateName(validating: text) } catch { fatalError("\(error)") }
}

@Suite struct EventLogTests {
    static let leaf = InstalledCertificate(
        serial: "1d", notBefore: now, notAfter: now + 86_400, dnsNames: ["a.example.org"], keyType: .ecP256,
        issuer: "CN=Test", sha256: "aa", spkiSHA256: "bb")
    static let failure = RenewalFailure(stage: .order, .forbidden, detail: "the broker answered 403")
    static let facts = IdentityFacts(
        name: "host", serial: "2e", issuer: "CN=Test", notBefore: now, notAfter: now + 3600)

    static let told = """
        stage=order class=forbidden error="the broker answered 403" \
        advice="\(FailureClass.forbidden.advice)"
        """

    static let first = BrokerAddress("https://b1.example.net")
    static let vectors: [EventVector] = [
        EventVector(
            event: .windowClamped(name(), configured: .seconds(3600), effective: .seconds(60)),
            line: """
                level=WARN msg="renew_before is longer than the certificate's life allows, using a shorter \
                one" certificate=web configured=1h0m0s effective=1m0s
                """),
        EventVector(
            event: .notDue(name(), notAfter: now),
            line: """
                level=DEBUG msg="certificate skipped, not in renewal window" certificate=web \
                not_after=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .attemptStarted(name(), profile: "p", .keyMissing),
            line: """
                level=INFO msg="certificate is due" certificate=web profile=p reason=key_missing \
                why="the private key is missing beside the certificate"
                """),
        EventVector(
            event: .certificateInstalled(
                name(), profile: "p", IssuedReport(certificate: leaf, wasCached: true)),
            line: """
                level=INFO msg="certificate installed" certificate=web profile=p serial=1d \
                not_after=2027-01-16T08:00:00Z cached=true
                """),
        EventVector(
            event: .certificateUnchanged(name(), serial: "1d"),
            line: """
                level=WARN msg="the broker answered with the certificate that is installed already, nothing \
                changed" certificate=web serial=1d
                """),
        EventVector(
            event: .notNeeded(name()),
            line: """
                level=INFO msg="files are in order after all, nothing is ordered" certificate=web
                """),
        EventVector(
            event: .attemptFailed(name(), profile: "p", failure, nextAttemptAt: now, repeats: 1),
            line: """
                level=ERROR msg="service certificate processing failed" certificate=web profile=p \
                \(told) next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .attemptFailed(name(), profile: "p", failure, nextAttemptAt: nil, repeats: 3),
            line: """
                level=ERROR msg="service certificate processing failed" certificate=web profile=p \
                \(told) repeats=3
                """),
        EventVector(
            event: .rebuilt(name(), [.chain, .fullchain]),
            line: """
                level=INFO msg="outputs rebuilt from the installed certificate" certificate=web \
                outputs="[chain fullchain]"
                """),
        EventVector(
            event: .rebuildFailed(name(), failure),
            line: #"level=ERROR msg="outputs could not be rebuilt" certificate=web \#(told)"#),
        // The command's own lines, with its words and its output, are the runner's.
        EventVector(event: .reloadStarted([name()], command: "true"), line: nil),
        EventVector(event: .reloadCompleted([name()], took: .seconds(1)), line: nil),
        EventVector(
            event: .reloadFailed([name(), name("b")], failure, nextAttemptAt: now, attempts: 2),
            line: """
                level=WARN msg="reload pending: the service may still use the old certificate" \
                certificates="[web b]" attempts=2 next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .reloadFailed([name()], failure, nextAttemptAt: now, attempts: 1),
            line: """
                level=WARN msg="reload pending: the service may still use the old certificate" \
                certificate=web attempts=1 next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .budgetSpent(name(), orders: 6, limit: 5, nextOrderAt: now),
            line: """
                level=ERROR msg="order budget spent, ordering slowly" certificate=web orders_last_7_days=6 \
                budget=5 next_order=2027-01-15T08:00:00Z advice="\(FailureClass.orderBudgetSpent.advice)"
                """),
        EventVector(
            event: .ordersHeld(.identity(.notEnrolled)),
            line: """
                level=WARN msg="orders held: the identity can't be used" reason=not_enrolled \
                advice="\(FailureClass.notEnrolled.advice)"
                """),
        EventVector(
            event: .ordersHeld(.brokerUnreachable(nextProbeAt: now)),
            line: """
                level=WARN msg="orders held: the broker can't be reached" reason=broker_unreachable \
                next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .ordersHeld(.rateLimited(until: now)),
            line: """
                level=WARN msg="orders held: the broker asked to wait" reason=rate_limited \
                next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(event: .ordersResumed, line: #"level=INFO msg="orders go on""#),
        EventVector(
            event: .brokerHeld(first, .brokerUnreachable(nextProbeAt: now)),
            line: """
                level=WARN msg="a broker can't be reached, others are asked" broker=https://b1.example.net \
                next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .brokerHeld(first, .rateLimited(until: now)),
            line: """
                level=WARN msg="a broker asked to wait, others are asked" broker=https://b1.example.net \
                next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .brokerResumed(first),
            line: #"level=INFO msg="a broker answers again" broker=https://b1.example.net"#),
        EventVector(
            event: .brokerFailedOver(
                name(), from: first, to: BrokerAddress("https://b2.example.net"), failure),
            line: """
                level=WARN msg="nothing could be sent to a broker, the next one is asked" certificate=web \
                broker=https://b1.example.net next_broker=https://b2.example.net \
                class=\(failure.failureClass.rawValue) error="\(failure.detail)"
                """),
        EventVector(
            event: .identityChanged(.expired),
            line: """
                level=ERROR msg="identity changed" state=identity_expired \
                advice="\(FailureClass.identityExpired.advice)"
                """),
        EventVector(
            event: .identityChanged(.valid), line: #"level=INFO msg="identity changed" state=valid"#),
        EventVector(
            event: .identityInsideWindow(notAfter: now + 5400.25),
            line: """
                level=INFO msg="identity certificate is inside renewal window" \
                not_after=2027-01-15T09:30:00Z expires_in=1h30m0s
                """),
        EventVector(
            event: .identityCloseToExpiration(notAfter: now - 60),
            line: """
                level=WARN msg="identity certificate is close to expiration" \
                not_after=2027-01-15T07:59:00Z expires_in=0s advice="See the errors of its renewal, and \
                step-ca."
                """),
        EventVector(
            event: .identityRenewed(facts),
            line: """
                level=INFO msg="identity renewed" identity=host serial=2e not_after=2027-01-15T09:00:00Z
                """),
        EventVector(
            event: .identityRenewalFailed(failure, nextAttemptAt: now),
            line: """
                level=ERROR msg="identity renewal failed" \(told) next_attempt=2027-01-15T08:00:00Z
                """),
        EventVector(
            event: .identityRestored(refused: facts, restored: facts, nextAttemptAt: now),
            line: """
                level=ERROR msg="every broker refused the new identity, the one before is in place again" \
                identity=host refused_serial=2e serial=2e not_after=2027-01-15T09:00:00Z \
                next_attempt=2027-01-15T08:00:00Z advice="\(FailureClass.identityRefused.advice)"
                """),
        EventVector(
            event: .identityNotRestored(failure),
            line: """
                level=ERROR msg="every broker refused the new identity, and the one before can't be put back" \
                \(told)
                """),
        EventVector(
            event: .clockStepped(by: .seconds(-600)),
            line: #"level=WARN msg="the clock was set" by=-10m0s"#),
        EventVector(
            event: .clockDoubted,
            line: """
                level=WARN msg="orders held: this host's clock may be wrong" reason=clock_unconfirmed \
                advice="\(ClockState.unconfirmed.advice ?? "")"
                """),
        EventVector(
            event: .clockRefuted(skew: .seconds(3600)),
            line: """
                level=ERROR msg="this host's clock is wrong, the broker's time counts" reason=clock_suspect \
                skew=1h0m0s advice="\(ClockState.suspect.advice ?? "")"
                """),
        EventVector(
            event: .clockBelieved(skew: .seconds(1)),
            line: #"level=INFO msg="this host's clock is right" skew=1s"#),
        EventVector(
            event: .filesUnanswered(name(), path: "/srv/cert.pem"),
            line: """
                level=WARN msg="directory of a certificate hangs" certificate=web path=/srv/cert.pem \
                advice="\(CertificateStatus.adviceOnUnanswered)"
                """),
        EventVector(
            event: .filesAnswered(name()),
            line: #"level=INFO msg="directory of a certificate answers again" certificate=web"#),
        EventVector(
            event: .servedChanged(name(), .matches),
            line: #"level=INFO msg="the installed certificate is served" certificate=web"#),
        EventVector(
            event: .servedChanged(name(), .differs(serial: "2e")),
            line: """
                level=ERROR msg="another certificate is served than the installed one" certificate=web \
                serial=2e advice="\(FailureClass.servedMismatch.advice)"
                """),
        EventVector(
            event: .servedChanged(name(), .unreachable("nobody")),
            line: """
                level=WARN msg="what is served can't be seen" certificate=web error=nobody \
                advice="\(FailureClass.servedUnreachable.advice)"
                """),
    ]

    /// A number for each case of `Event`: a case that is new does not compile without one.
    private static func ordinal(of event: Event) -> Int {
        switch event {
        case .windowClamped: 0
        case .notDue: 1
        case .attemptStarted: 2
        case .certificateInstalled: 3
        case .certificateUnchanged: 4
        case .attemptFailed: 5
        case .rebuilt: 6
        case .rebuildFailed: 7
        case .reloadStarted: 8
        case .reloadCompleted: 9
        case .reloadFailed: 10
        case .budgetSpent: 11
        case .ordersHeld: 12
        case .ordersResumed: 13
        case .identityChanged: 14
        case .identityInsideWindow: 15
        case .identityCloseToExpiration: 16
        case .identityRenewed: 17
        case .identityRenewalFailed: 18
        case .clockStepped: 19
        case .brokerHeld: 20
        case .brokerResumed: 21
        case .brokerFailedOver: 22
        case .clockDoubted: 23
        case .clockRefuted: 24
        case .clockBelieved: 25
        case .identityRestored: 26
        case .identityNotRestored: 27
        case .servedChanged: 28
        case .notNeeded: 29
        case .filesUnanswered: 30
        case .filesAnswered: 31
        }
    }

    private func lines(of event: Event, level: LogLevel = .debug, inOnePass: Bool = false) -> [String] {
        let capture = LogCapture()
        let logger = Logger(level: level, destination: .capture(capture), now: { now })
        EventLog(logger, inOnePass: inOnePass, now: { now }).write(event)
        return capture.lines.map { String($0.drop { $0 != " " }.dropFirst()) }
    }

    @Test(arguments: vectors)
    func `each event is one line in the documented words`(vector: EventVector) {
        #expect(lines(of: vector.event) == (vector.line.map { [$0] } ?? []))
    }

    @Test func `no kind of event is left out of the table`() {
        #expect(Set(Self.vectors.map { Self.ordinal(of: $0.event) }) == Set(0...31))
    }

    @Test func `each warning of an install has a line of its own`() {
        let report = IssuedReport(certificate: Self.leaf, warnings: ["one", "two words"])
        let lines = lines(of: .certificateInstalled(name(), profile: "p", report))
        #expect(
            lines.dropFirst() == [
                #"level=WARN msg="certificate installed with a reservation" certificate=web warning=one"#,
                #"level=WARN msg="certificate installed with a reservation" certificate=web warning="two words""#,
            ])
    }

    @Test func `what is not due is told in one pass, and whispered in a loop`() {
        let event = Event.notDue(name(), notAfter: now)
        #expect(lines(of: event, level: .info, inOnePass: true).count == 1)
        #expect(lines(of: event, level: .info).isEmpty)
    }
}
