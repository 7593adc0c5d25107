import FoundationEssentials
import Notation

/// The first half of a certificate's chain of reasons: what it is due for, or why it isn't due.
extension HostState {
    /// What makes it due, with what a person needs to see it.
    func because(_ certificate: CertificateLifecycle, _ reason: RenewalReason, at now: Moment) -> String {
        let because = cause(certificate, reason, at: now.wall)
        return certificate.isDeparting ? "no longer in the configuration; \(because)" : because
    }

    private func cause(_ certificate: CertificateLifecycle, _ reason: RenewalReason, at now: Date) -> String {
        switch reason {
        case .missing, .keyMissing, .namesChanged, .keyTypeChanged, .incomplete, .requested:
            return reason.explanation
        case .unreadable:
            guard case .unreadable(let detail)? = certificate.found?.certificate else { break }
            return "\(reason.explanation): \(Printable.line(detail, limit: 500))"
        case .keyMismatch:
            guard case .unreadable(let detail)? = certificate.found?.key else { break }
            return "the private key can't be read: \(Printable.line(detail, limit: 500))"
        case .expiring:
            guard let installed = certificate.found?.installed else { break }
            if installed.notAfter <= now { return "it expired at \(installed.notAfter.rfc3339)" }
            guard let dueAt = certificate.dueAt else { break }
            return
                "\(reason.explanation) since \(dueAt.rfc3339), and expires at \(installed.notAfter.rfc3339)"
        }
        return reason.explanation
    }

    /// Why it isn't due, and what goes on beside.
    func whyNotDue(_ certificate: CertificateLifecycle, at now: Moment) -> String {
        var parts: [String] = []
        if certificate.isDeparting { parts.append("no longer in the configuration") }
        if certificate.isRebuilding {
            parts.append("an output is being restored from the others")
        } else if let debt = certificate.record.reload {
            parts.append(reloadCourse(certificate, debt, at: now))
        } else if let failure = certificate.rebuildFailure {
            parts.append("an output can't be restored from the others (\(failure.failureClass.rawValue))")
        }
        if let dueAt = certificate.dueAt { parts.append("due at \(dueAt.rfc3339)") }
        return parts.isEmpty ? "not due" : parts.joined(separator: "; ")
    }

    private func reloadCourse(
        _ certificate: CertificateLifecycle, _ debt: ReloadDebt, at now: Moment
    ) -> String {
        if certificate.reload.isRunning { return "installed; its service is being reloaded" }
        guard debt.attempts > 0 || certificate.isReloadHeld else {
            if let retryAt = certificate.reload.retryAt, retryAt > now.boottime {
                return "installed; its reload command has ended the agent before and waits; next try at "
                    + now.wall(of: retryAt).rfc3339
            }
            return "installed; its service is about to be reloaded"
        }
        let why = debt.lastError.map { "\($0.failure.failureClass.rawValue), " } ?? ""
        let runs =
            switch debt.attempts {
            case 0: "not run yet"
            case 1: "1 failed run"
            default: "\(debt.attempts) failed runs"
            }
        let next = certificate.nextReloadAt(at: now) ?? debt.nextAttemptAt
        return "installed, but its service could not be reloaded (\(why)\(runs)); "
            + "next try at \(next.rfc3339)"
    }
}
