import FoundationEssentials
import Lifecycle

extension JSONWriter {
    /// One certificate as status and lists show it: no key material, no command, no output of one.
    mutating func members(of status: CertificateStatus) {
        string("name", status.name.text)
        string("profile", status.wanted.profile)
        string("state", status.state.rawValue)
        string("reason", status.reason?.rawValue)
        string("why", status.why)
        string("advice", status.advice)
        strings("dns_names", status.wanted.dnsNames.texts)
        string("key_type", status.wanted.keyType.rawValue)
        bool("reuses_key", status.wanted.reusesKey)
        object("installed", status.installed) { $0.members(of: $1) }
        renewBefore(of: status)
        time("next_renewal_at", status.nextRenewalAt)
        time("next_check_at", status.nextCheckAt)
        time("next_attempt_at", status.nextAttemptAt)
        time("last_attempt_at", status.lastAttemptAt)
        time("last_success_at", status.lastSuccessAt)
        object("last_error", status.lastError) { $0.members(of: $1) }
        integer("consecutive_failures", status.consecutiveFailures)
        integer("orders_last_7_days", status.ordersLast7Days)
        integer("order_budget", status.orderBudget)
        time("next_order_at", status.nextOrderAt)
        object("current_renewal", status.currentRenewal) {
            $0.string("id", $1.text)
            $0.string("stage", status.currentStage?.rawValue)
        }
        object("reload") { $0.members(of: status.reload) }
        bool("served_matches", status.servedMatches)
        object("served", status.served) { $0.members(of: $1) }
        object("renewals") {
            $0.integer("succeeded", status.renewals.succeeded)
            $0.integer("unchanged", status.renewals.unchanged)
            $0.integer("failed", status.renewals.failed)
        }
        object("reloads") {
            $0.integer("succeeded", status.reloads.succeeded)
            $0.integer("failed", status.reloads.failed)
        }
        object("outputs") { writer in
            for output in Output.allCases { writer.string(output.rawValue, status.wanted.outputs[output]) }
        }
    }

    private mutating func renewBefore(of status: CertificateStatus) {
        object("renew_before") {
            $0.seconds("configured_seconds", status.configuredRenewBefore)
            $0.seconds("effective_seconds", status.window?.effective)
            $0.bool("clamped", status.window?.isClamped)
        }
    }

    private mutating func members(of certificate: InstalledCertificate) {
        string("serial", certificate.serial)
        time("not_before", certificate.notBefore)
        time("not_after", certificate.notAfter)
        strings("dns_names", certificate.dnsNames)
        string("issuer", certificate.issuer)
        string("key_type", certificate.keyType?.rawValue)
        string("fingerprint_sha256", certificate.sha256)
        string("public_key_sha256", certificate.spkiSHA256)
    }

    private mutating func members(of served: ServedStatus) {
        string("state", served.state.rawValue)
        string("serial", served.serial)
        string("problem", served.problem)
        time("since", served.since)
        time("observed_at", served.observedAt)
        time("next_look_at", served.nextLookAt)
    }

    private mutating func members(of reload: ReloadStatus) {
        bool("configured", reload.isConfigured)
        bool("running", reload.isRunning)
        time("pending_since", reload.pendingSince)
        time("grace_ends_at", reload.graceEndsAt)
        integer("failed_attempts", reload.failedAttempts)
        time("next_attempt_at", reload.nextAttemptAt)
        object("last_error", reload.lastError) { $0.members(of: $1) }
    }
}

extension CertificateStatus {
    fileprivate var configuredRenewBefore: Duration {
        switch wanted.renewBefore {
        case .standard: RenewalWindow.standard
        case .explicit(let duration): duration
        }
    }
}
