import FoundationEssentials
import Lifecycle
import Log

/// Writes the engine's events, in the words and attributes that upstream's agent used where the event is the same.
struct EventLog {
    private let log: Logger
    private let inOnePass: Bool
    private let now: @Sendable () -> Date

    /// - Parameter inOnePass: somebody watches one pass, and wants to be told what is not due as well.
    init(_ log: Logger, inOnePass: Bool = false, now: @escaping @Sendable () -> Date = { .now }) {
        self.log = log
        self.inOnePass = inOnePass
        self.now = now
    }

    func write(_ event: Event) {
        switch event {
        case .windowClamped(let name, let configured, let effective):
            log.warn(
                "renew_before is longer than the certificate's life allows, using a shorter one",
                [
                    "certificate": .string(name.text), "configured": .duration(configured),
                    "effective": .duration(effective),
                ])
        case .notDue(let name, let notAfter):
            log.log(
                inOnePass ? .info : .debug, "certificate skipped, not in renewal window",
                ["certificate": .string(name.text), "not_after": .date(notAfter)])
        case .attemptStarted(let name, let profile, let reason):
            log.info(
                "certificate is due",
                [
                    "certificate": .string(name.text), "profile": .string(profile),
                    "reason": .string(reason.rawValue),
                    "why": .string(reason.explanation),
                ])
        case .certificateInstalled(let name, let profile, let report):
            log.info("certificate installed", installed(name, profile, report))
            for warning in report.warnings {
                log.warn(
                    "certificate installed with a reservation",
                    ["certificate": .string(name.text), "warning": .string(warning)])
            }
        case .certificateUnchanged(let name, let serial):
            log.warn(
                "the broker answered with the certificate that is installed already, nothing changed",
                ["certificate": .string(name.text), "serial": .string(serial)])
        case .notNeeded(let name):
            log.info(
                "files are in order after all, nothing is ordered", ["certificate": .string(name.text)])
        case .attemptFailed(let name, let profile, let failure, let nextAttemptAt, let repeats):
            var attributes: LogAttributes = ["certificate": .string(name.text), "profile": .string(profile)]
            attributes = attributes + Self.attributes(of: failure)
            attributes.append("next_attempt", nextAttemptAt.map { .date($0) })
            if repeats > 1 { attributes.append("repeats", .int(repeats)) }
            log.error("service certificate processing failed", attributes)
        case .rebuilt(let name, let outputs):
            log.info(
                "outputs rebuilt from the installed certificate",
                ["certificate": .string(name.text), "outputs": .list(outputs.map(\.rawValue))])
        case .rebuildFailed(let name, let failure):
            log.error(
                "outputs could not be rebuilt",
                ["certificate": .string(name.text)] + Self.attributes(of: failure))
        case .reloadStarted, .reloadCompleted:
            // The command's own lines say more: its words and its output.
            break
        case .reloadFailed(let names, _, let nextAttemptAt, let attempts):
            log.warn(
                "reload pending: the service may still use the old certificate",
                Self.attributes(of: names) + [
                    "attempts": .int(attempts), "next_attempt": .date(nextAttemptAt),
                ])
        case .servedChanged(let name, let observation): write(observation, of: name)
        case .filesUnanswered(let name, let path):
            log.warn(
                "directory of a certificate hangs",
                [
                    "certificate": .string(name.text), "path": .string(path),
                    "advice": .string(CertificateStatus.adviceOnUnanswered),
                ])
        case .filesAnswered(let name):
            log.info("directory of a certificate answers again", ["certificate": .string(name.text)])
        case .budgetSpent(let name, let orders, let limit, let nextOrderAt):
            log.error(
                "order budget spent, ordering slowly",
                [
                    "certificate": .string(name.text), "orders_last_7_days": .int(orders),
                    "budget": .int(limit),
                    "next_order": .date(nextOrderAt),
                    "advice": .string(FailureClass.orderBudgetSpent.advice),
                ])
        case .ordersHeld, .ordersResumed, .brokerHeld, .brokerResumed, .brokerFailedOver, .identityChanged,
            .identityInsideWindow, .identityCloseToExpiration,
            .identityRenewed, .identityRenewalFailed, .identityRestored, .identityNotRestored, .clockStepped,
            .clockDoubted,
            .clockRefuted, .clockBelieved:
            writeHost(event)
        }
    }

    /// The events that concern the whole host.
    private func writeHost(_ event: Event) {
        switch event {
        case .ordersHeld(let hold): write(hold)
        case .ordersResumed: log.info("orders go on")
        case .brokerHeld, .brokerResumed, .brokerFailedOver: writeBroker(event)
        case .identityChanged(let state, let problem):
            var attributes: LogAttributes = ["state": .string(state.rawValue)]
            attributes.append("error", problem.map { .string($0) })
            attributes.append("advice", state.advice.map { .string($0) })
            log.log(state.isUsable ? .info : .error, "identity changed", attributes)
        case .identityInsideWindow(let notAfter):
            log.info("identity certificate is inside renewal window", expiry(notAfter))
        case .identityCloseToExpiration(let notAfter):
            log.warn(
                "identity certificate is close to expiration",
                expiry(notAfter) + ["advice": "See the errors of its renewal, and step-ca."])
        case .identityRenewed(let facts):
            log.info(
                "identity renewed",
                [
                    "identity": .string(facts.name), "serial": .string(facts.serial),
                    "not_after": .date(facts.notAfter),
                ])
        case .identityRenewalFailed(let failure, let nextAttemptAt):
            log.error(
                "identity renewal failed",
                Self.attributes(of: failure) + ["next_attempt": .date(nextAttemptAt)])
        case .identityRestored(let refused, let restored, let nextAttemptAt):
            log.error(
                "every broker refused the new identity, the one before is in place again",
                [
                    "identity": .string(restored.name), "refused_serial": .string(refused.serial),
                    "serial": .string(restored.serial), "not_after": .date(restored.notAfter),
                    "next_attempt": .date(nextAttemptAt),
                    "advice": .string(FailureClass.identityRefused.advice),
                ])
        case .identityNotRestored(let failure):
            log.error(
                "every broker refused the new identity, and the one before can't be put back",
                Self.attributes(of: failure))
        case .clockStepped(let step):
            log.warn("the clock was set", ["by": .duration(step)])
        case .clockDoubted:
            var attributes: LogAttributes = ["reason": .string(ClockState.unconfirmed.rawValue)]
            attributes.append("advice", ClockState.unconfirmed.advice.map { .string($0) })
            log.warn("orders held: this host's clock may be wrong", attributes)
        case .clockRefuted(let skew):
            var attributes: LogAttributes = [
                "reason": .string(ClockState.suspect.rawValue), "skew": .duration(skew),
            ]
            attributes.append("advice", ClockState.suspect.advice.map { .string($0) })
            log.error("this host's clock is wrong, the broker's time counts", attributes)
        case .clockBelieved(let skew):
            var attributes: LogAttributes = [:]
            attributes.append("skew", skew.map { .duration($0) })
            log.info("this host's clock is right", attributes)
        default: break
        }
    }

    /// The events that concern one of several brokers.
    private func writeBroker(_ event: Event) {
        switch event {
        case .brokerHeld(let broker, let hold):
            var attributes: LogAttributes = ["broker": .string(broker.text)]
            switch hold {
            case .brokerUnreachable(let date), .rateLimited(let date):
                attributes.append("next_attempt", .date(date))
            case .identity: break
            }
            if case .rateLimited = hold {
                log.warn("a broker asked to wait, others are asked", attributes)
            } else {
                log.warn("a broker can't be reached, others are asked", attributes)
            }
        case .brokerResumed(let broker):
            log.info("a broker answers again", ["broker": .string(broker.text)])
        case .brokerFailedOver(let name, let from, let to, let failure):
            log.warn(
                "nothing could be sent to a broker, the next one is asked",
                [
                    "certificate": .string(name.text), "broker": .string(from.text),
                    "next_broker": .string(to.text),
                    "class": .string(failure.failureClass.rawValue), "error": .string(failure.detail),
                ])
        default: break
        }
    }

    private func write(_ observation: ServedObservation, of name: CertificateName) {
        let certificate: LogAttributes = ["certificate": .string(name.text)]
        switch observation {
        case .matches: log.info("the installed certificate is served", certificate)
        case .differs(let serial):
            log.error(
                "another certificate is served than the installed one",
                certificate + [
                    "serial": .string(serial), "advice": .string(FailureClass.servedMismatch.advice),
                ])
        case .unreachable(let reason):
            log.warn(
                "what is served can't be seen",
                certificate + [
                    "error": .string(reason), "advice": .string(FailureClass.servedUnreachable.advice),
                ])
        case .stopped: break
        }
    }

    private func write(_ hold: Hold) {
        switch hold {
        case .identity(let state):
            var attributes: LogAttributes = ["reason": .string(state.rawValue)]
            attributes.append("advice", state.advice.map { .string($0) })
            log.warn("orders held: the identity can't be used", attributes)
        case .brokerUnreachable(let nextProbeAt):
            log.warn(
                "orders held: the broker can't be reached",
                ["reason": "broker_unreachable", "next_attempt": .date(nextProbeAt)])
        case .rateLimited(let until):
            log.warn(
                "orders held: the broker asked to wait",
                ["reason": "rate_limited", "next_attempt": .date(until)])
        }
    }

    private func installed(_ name: CertificateName, _ profile: String, _ report: IssuedReport)
        -> LogAttributes
    {
        [
            "certificate": .string(name.text), "profile": .string(profile),
            "serial": .string(report.certificate.serial), "not_after": .date(report.certificate.notAfter),
            "cached": .bool(report.wasCached),
        ]
    }

    private func expiry(_ notAfter: Date) -> LogAttributes {
        let left = notAfter.timeIntervalSince(now()).rounded(.down)
        return ["not_after": .date(notAfter), "expires_in": .duration(.seconds(max(0, left)))]
    }

    private static func attributes(of names: [CertificateName]) -> LogAttributes {
        names.count == 1
            ? ["certificate": .string(names[0].text)] : ["certificates": .list(names.map(\.text))]
    }

    static func attributes(of failure: RenewalFailure) -> LogAttributes {
        [
            "stage": .string(failure.stage.rawValue), "class": .string(failure.failureClass.rawValue),
            "error": .string(failure.detail), "advice": .string(failure.advice),
        ]
    }
}
