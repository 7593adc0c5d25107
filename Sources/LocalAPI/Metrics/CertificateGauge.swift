import FoundationEssentials
import Lifecycle

/// A number that each certificate has.
struct CertificateGauge: Sendable {
    let name: String
    let help: String
    let value: @Sendable (CertificateStatus) -> Double

    private init(_ name: String, _ help: String, _ value: @escaping @Sendable (CertificateStatus) -> Double) {
        self.name = "certplane_certificate_\(name)"
        self.help = help
        self.value = value
    }

    /// What is not known, or has not happened, is 0.
    static let all = [
        CertificateGauge(
            "not_before_timestamp_seconds",
            "Beginning of the installed certificate's validity, 0 without one."
        ) { ($0.installed?.notBefore).metricValue },
        CertificateGauge(
            "not_after_timestamp_seconds", "End of the installed certificate's validity, 0 without one."
        ) { ($0.installed?.notAfter).metricValue },
        CertificateGauge(
            "next_renewal_timestamp_seconds", "When the certificate is or was due by its age, 0 without one."
        ) { $0.nextRenewalAt.metricValue },
        CertificateGauge(
            "renew_before_seconds", "Effective renew_before of the installed certificate, 0 without one."
        ) { $0.window?.effective.seconds ?? 0 },
        CertificateGauge(
            "last_success_timestamp_seconds", "End of the last renewal that succeeded, 0 for none."
        ) {
            $0.lastSuccessAt.metricValue
        },
        CertificateGauge(
            "last_attempt_timestamp_seconds", "Time of the last attempt of any outcome, 0 for none."
        ) {
            $0.lastAttemptAt.metricValue
        },
        CertificateGauge("consecutive_failures", "Failed attempts since the last success.") {
            Double($0.consecutiveFailures)
        },
        // promtool takes `days` in a name for a unit that isn't the base one.
        CertificateGauge("orders_last_week", "Orders and possible orders in the last seven days.") {
            Double($0.ordersLast7Days)
        },
        CertificateGauge(
            "reload_pending_since_timestamp_seconds",
            "Since when the service has not taken the certificate on disk, 0 when it has."
        ) { $0.reload.pendingSince.metricValue },
    ]
}
