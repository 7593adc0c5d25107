import Lifecycle

extension MetricsWriter {
    /// All series that carry the labels `certificate` and `profile`.
    mutating func certificates(_ statuses: [CertificateStatus]) {
        let labelled = statuses.map { status in
            (status, ["certificate": status.name.text, "profile": status.wanted.profile] as MetricLabels)
        }
        for gauge in CertificateGauge.all {
            begin(gauge.name, .gauge, gauge.help)
            for (status, labels) in labelled { sample(gauge.value(status), labels) }
        }
        states(labelled)
        results(labelled)
        served(labelled)
    }

    private mutating func states(_ labelled: [(CertificateStatus, MetricLabels)]) {
        begin(
            "certplane_certificate_status", .gauge, "The current state: one series per certificate, always 1."
        )
        for (status, labels) in labelled { sample(1, labels.with("state", status.state.rawValue)) }
    }

    private mutating func results(_ labelled: [(CertificateStatus, MetricLabels)]) {
        begin("certplane_certificate_renewals_total", .counter, "Renewals that ended, by result.")
        for (status, labels) in labelled {
            sample(status.renewals.succeeded, labels.with("result", "succeeded"))
            sample(status.renewals.unchanged, labels.with("result", "unchanged"))
            sample(status.renewals.failed, labels.with("result", "failed"))
        }
        begin("certplane_certificate_reloads_total", .counter, "Runs of the reload command, by result.")
        for (status, labels) in labelled {
            sample(status.reloads.succeeded, labels.with("result", "succeeded"))
            sample(status.reloads.failed, labels.with("result", "failed"))
        }
    }

    /// Only where `verify` is configured; 0 until the certificate on disk was seen to be served.
    private mutating func served(_ labelled: [(CertificateStatus, MetricLabels)]) {
        begin(
            "certplane_certificate_served_match", .gauge, "Whether the certificate on disk is what is served."
        )
        for (status, labels) in labelled {
            if let matches = status.servedMatches { sample(matches ? 1 : 0, labels) }
        }
    }
}
