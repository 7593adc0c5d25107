package import Lifecycle

extension JSONWriter {
    /// The whole status document.
    package static func status(_ snapshot: Snapshot) -> SlicedDocument<JSONWriter> {
        list(snapshot.certificates) {
            $0.time("taken_at", snapshot.takenAt)
            $0.object("agent") { $0.members(of: snapshot.agent, skew: snapshot.clock.skew) }
            $0.object("identity") { $0.members(of: snapshot.identity) }
            $0.object("broker") { $0.members(of: snapshot.broker) }
            $0.object("clock") { $0.members(of: snapshot.clock) }
            $0.counts(of: snapshot.certificates)
        }
    }

    /// An object whose last member is `certificates`: one object each, of those in `state` only if it is given.
    static func list(
        _ statuses: CertificateList, in state: CertificateState? = nil,
        after members: @escaping @Sendable (inout JSONWriter) -> Void = { _ in }
    ) -> SlicedDocument<JSONWriter> {
        SlicedDocument(
            JSONWriter(), about: statuses.count,
            [
                .init(begin: {
                    $0.beginObject()
                    members(&$0)
                    $0.beginArray("certificates")
                }) { writer, index in
                    if let state, statuses[index].state != state { return }
                    writer.object { $0.members(of: statuses[index]) }
                },
                .init(begin: {
                    $0.endArray()
                    $0.endObject()
                    $0.bytes.append(UInt8(ascii: "\n"))
                }),
            ])
    }

    /// How many certificates are in which state; every state is there.
    private mutating func counts(of statuses: CertificateList) {
        var counts: [CertificateState: Int] = [:]
        // By index: a loop over the values would copy each of them whole.
        for index in statuses.indices { counts[statuses[index].state, default: 0] += 1 }
        object("counts") { writer in
            for state in CertificateState.allCases { writer.integer(state.rawValue, counts[state] ?? 0) }
        }
    }

    private mutating func members(of agent: AgentFacts, skew: Duration?) {
        string("version", agent.version)
        integer("pid", Int(agent.pid))
        time("started_at", agent.startedAt)
        object("config") {
            $0.string("path", agent.configPath)
            $0.string("sha256", agent.configHash)
            $0.time("loaded_at", agent.configLoadedAt)
            $0.bool("last_reload_succeeded", agent.lastReloadSucceeded)
            $0.time("last_reload_at", agent.configurationReloads.last?.endedAt)
        }
        time("last_tick_at", agent.lastTickAt)
        seconds("clock_skew_seconds", skew)
        bool("stopping", agent.stopping)
    }

    private mutating func members(of clock: ClockStatus) {
        string("state", clock.state.rawValue)
        seconds("skew_seconds", clock.skew)
        string("advice", clock.state.advice)
        time("next_question_at", clock.nextQuestionAt)
    }

    private mutating func members(of identity: IdentityStatus) {
        string("name", identity.name)
        string("state", identity.state.rawValue)
        string("problem", identity.problem)
        string("advice", identity.advice)
        object("certificate", identity.facts) {
            $0.string("subject", $1.name)
            $0.string("serial", $1.serial)
            $0.string("issuer", $1.issuer)
            $0.time("not_before", $1.notBefore)
            $0.time("not_after", $1.notAfter)
        }
        seconds("renew_before_effective_seconds", identity.effectiveRenewBefore)
        time("next_renewal_at", identity.nextRenewalAt)
        time("next_attempt_at", identity.nextAttemptAt)
        bool("renewing", identity.isRenewing)
        integer("consecutive_failures", identity.consecutiveFailures)
        object("last_error", identity.lastError) { $0.members(of: $1) }
        time("last_success_at", identity.lastSuccessAt)
    }

    private mutating func members(of broker: BrokerStatus) {
        string("state", broker.state.rawValue)
        string("endpoint", broker.endpoint)
        time("last_contact_at", broker.lastContactAt)
        time("last_success_at", broker.lastSuccessAt)
        object("last_error", broker.lastError) { $0.members(of: $1) }
        time("next_probe_at", broker.nextProbeAt)
        array("endpoints", of: broker.brokers) { writer, one in writer.object { $0.members(of: one) } }
    }

    private mutating func members(of broker: SingleBrokerStatus) {
        string("url", broker.address.text)
        string("state", broker.state.rawValue)
        time("last_contact_at", broker.lastContactAt)
        time("last_success_at", broker.lastSuccessAt)
        object("last_error", broker.lastError) { $0.members(of: $1) }
        time("next_probe_at", broker.nextProbeAt)
    }
}
