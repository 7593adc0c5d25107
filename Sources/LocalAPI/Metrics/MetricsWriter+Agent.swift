import FoundationEssentials
import Lifecycle

extension MetricsWriter {
    /// What the snapshot says of everything but the certificates.
    mutating func agent(_ snapshot: Snapshot, version: String) {
        begin("certplane_agent_build_info", .gauge, "The running version, always 1.")
        sample(1, ["version": version])
        single(
            "certplane_engine_last_tick_timestamp_seconds", .gauge, "When the engine last came round.",
            snapshot.agent.lastTickAt.timeIntervalSince1970)
        single(
            "certplane_clock_skew_seconds", .gauge,
            "This host's clock against the broker's, positive when ahead, 0 while unknown.",
            snapshot.clock.skew?.seconds ?? 0)
        single(
            "certplane_config_last_reload_success", .gauge,
            "Whether the last try to load the configuration succeeded.",
            snapshot.agent.lastReloadSucceeded ? 1 : 0)
        single(
            "certplane_config_last_reload_timestamp_seconds", .gauge,
            "When the configuration in force was loaded.", snapshot.agent.configLoadedAt.timeIntervalSince1970
        )
        single(
            "certplane_state_unstored_records", .gauge,
            "Certificates whose records the state directory refuses; a restart would lose them.",
            Double(snapshot.agent.unstored?.count ?? 0))
        histogram(
            "certplane_renewal_duration_seconds", "Time from the start of an attempt to its end.",
            snapshot.counters.renewalDuration)
        histogram(
            "certplane_reload_duration_seconds", "Time that reload commands took.",
            snapshot.counters.reloadDuration)
        identity(snapshot.identity)
        broker(snapshot.broker, snapshot.counters)
    }

    private mutating func identity(_ identity: IdentityStatus) {
        single(
            "certplane_identity_not_after_timestamp_seconds", .gauge,
            "End of the identity's validity, 0 without one.", (identity.facts?.notAfter).metricValue)
        single(
            "certplane_identity_renew_before_seconds", .gauge,
            "Effective renew_before of the identity, 0 without one.",
            identity.effectiveRenewBefore?.seconds ?? 0)
        begin(
            "certplane_identity_renewals_total", .counter, "Renewals of the identity that ended, by result.")
        sample(identity.renewals.succeeded, ["result": "succeeded"])
        sample(identity.renewals.failed, ["result": "failed"])
    }

    private mutating func broker(_ broker: BrokerStatus, _ counters: HostCounters) {
        begin(
            "certplane_broker_requests_total", .counter,
            "Requests to the broker, by endpoint and status code, error without an answer.")
        for count in broker.requestsFromStart {
            sample(count.count, ["endpoint": count.endpoint, "code": count.code])
        }
        histogram(
            "certplane_broker_request_duration_seconds", "Time that requests to the broker took.",
            counters.brokerRequestDuration)
        single(
            "certplane_broker_last_success_timestamp_seconds", .gauge,
            "The last answer that granted what was asked, 0 for none.", broker.lastSuccessAt.metricValue)
    }
}

extension BrokerStatus {
    /// What was counted, and zeros for what every agent comes to count.
    fileprivate var requestsFromStart: [BrokerRequestCount] {
        let certificates = "/v1/certificates"
        let missing = ["200", "error"].filter { code in
            !requests.contains { $0.endpoint == certificates && $0.code == code }
        }
        return requests + missing.map { BrokerRequestCount(endpoint: certificates, code: $0, count: 0) }
    }
}
