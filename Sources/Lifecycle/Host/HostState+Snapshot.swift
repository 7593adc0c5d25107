import FoundationEssentials

extension HostState {
    /// The state as others may see it. Costs little where little has changed since the last one.
    public mutating func snapshot(agent: AgentFacts, at raw: Moment) -> Snapshot {
        let now = clock.judged(raw)
        refreshStatuses(at: now)
        return Snapshot(
            takenAt: raw.wall, agent: agent, identity: identityStatus(at: now), broker: brokerStatus(at: now),
            clock: clockStatus(at: now, raw),
            certificates: statuses, renewals: ledger.all(), counters: counters)
    }

    private mutating func refreshStatuses(at now: Moment) {
        if allDirty || statuses.count != certificates.count {
            statuses = CertificateList(count: certificates.count) { status(of: certificates[$0], at: now) }
            for index in certificates.indices { certificates[index].isDirty = false }
        } else {
            var changed: [(position: Int, status: CertificateStatus)] = []
            for index in dirty {
                // By a name of its own: else the whole host is copied for the question.
                let certificate = certificates[index]
                changed.append((index, status(of: certificate, at: now)))
                certificates[index].isDirty = false
            }
            statuses.replace(changed)
        }
        dirty.removeAll(keepingCapacity: true)
        allDirty = false
    }

    private func identityStatus(at now: Moment) -> IdentityStatus {
        var status = IdentityStatus(name: settings.identityName, state: identity.state(at: now.wall))
        status.problem = identity.problem
        status.facts = identity.facts
        status.effectiveRenewBefore = identity.window?.effective
        status.nextRenewalAt = identity.dueAt
        status.nextAttemptAt = identity.retryAt.map(now.wall(of:)) ?? identity.dueAt
        status.isRenewing = identity.isRenewing
        status.consecutiveFailures = identity.failures
        status.lastError = identity.lastError
        status.lastSuccessAt = identity.lastSuccessAt
        status.renewals = identity.renewals
        return status
    }

    private func brokerStatus(at now: Moment) -> BrokerStatus {
        var status = BrokerStatus()
        status.brokers = brokers.all.map { broker in
            var one = SingleBrokerStatus(address: broker.address, state: broker.state)
            one.lastContactAt = broker.lastContactAt
            one.lastSuccessAt = broker.lastSuccessAt
            one.lastError = broker.lastError
            one.nextProbeAt = broker.gate.closure.map { now.wall(of: $0.probeAt) }
            return one
        }
        status.endpoint = brokers.current?.address.text
        status.lastContactAt = status.brokers.compactMap(\.lastContactAt).max()
        status.lastSuccessAt = status.brokers.compactMap(\.lastSuccessAt).max()
        status.lastError = status.brokers.compactMap(\.lastError).max { $0.at < $1.at }
        if brokers.areAllClosed, let next = brokers.nextToOpen {
            status.state = next.state
            status.nextProbeAt = next.gate.closure.map { now.wall(of: $0.probeAt) }
        } else {
            status.state = status.lastContactAt == nil ? .unknown : .reachable
        }
        for (endpoint, codes) in brokerRequests {
            for (code, count) in codes {
                status.requests.append(BrokerRequestCount(endpoint: endpoint, code: code, count: count))
            }
        }
        status.requests.sort { ($0.endpoint, $0.code) < ($1.endpoint, $1.code) }
        return status
    }
}
