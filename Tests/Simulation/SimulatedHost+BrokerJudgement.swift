import FoundationEssentials
import Lifecycle

/// Which broker the agent may ask when.
extension SimulatedHost {
    func number(of broker: BrokerAddress) -> Int? { brokers.firstIndex { $0.address == broker } }

    /// Whether this attempt may ask this broker now.
    mutating func judgeBroker(of attempt: AttemptPlan, _ index: Int) {
        guard let number = number(of: attempt.broker) else {
            return violate(.unknownBroker, attempt.broker.text, index)
        }
        if let until = watch.brokers[number].pauseUntil, until > now {
            violate(.pauseBroken, "\(until - now) before the end of the pause", index)
        }
        if watch.areAllAway && watch.probes > 0 {
            violate(.manyProbes, "\(watch.probes) are under way", index)
        }
        let orders = slots[index].watch.orders
        if let lost = orders.unanswered, !lost.isVague, lost.broker != number,
            now - lost.since < plan.settings.sameBrokerSpan - .milliseconds(5)
        {
            violate(.otherBrokerTooSoon, "\(now - lost.since) after the order was lost", index)
        }
        judgePreference(number, index)
    }

    /// The first broker is asked as long as it answers.
    private mutating func judgePreference(_ number: Int, _ index: Int) {
        let first = watch.brokers[0]
        guard number > 0, first.isHeard, (first.pauseUntil ?? .zero) <= now,
            slots[index].isRecordCurrent, slots[index].record?.unansweredOrder == nil,
            slots[index].watch.orders.unanswered == nil
        else { return }
        violate(.preferredForgotten, "\(brokers[number].address) is asked", index)
    }

    /// Draws from an answer what the agent has to heed from now on.
    mutating func hear(_ answer: BrokerAnswer, fromBroker number: Int, askedAt: Duration) {
        defer { if watch.probes > 0, !watch.areAllAway { forgetProbes() } }
        guard case .failure(let failure, _) = answer else {
            return watch.brokers[number].hear(askedAt: askedAt)
        }
        switch failure.failureClass {
        case .brokerUnreachable: watch.brokers[number].miss()
        case .identityExpired, .brokerTimeout, .connectionLost: break
        case .rateLimited:
            watch.brokers[number].isAway = false
            watch.brokers[number].isHeard = false
            watch.brokers[number].limitedAt = now
            if now >= watch.brokers[number].pauseUntil ?? .zero {
                watch.brokers[number].pauseUntil = now + obeyedPause(failure.retryAfter)
                weigh()
                put(.pauseEnds, in: obeyedPause(failure.retryAfter))
            }
        default: watch.brokers[number].hear(askedAt: askedAt)
        }
    }

    /// A broker is there again: those under way are attempts like others, also when it goes anew.
    private mutating func forgetProbes() {
        watch.probes = 0
        for index in slots.indices { slots[index].course?.isProbe = false }
    }

    /// What of a pause has to be obeyed: up to a day and a quarter of the shortest life that is left.
    private func obeyedPause(_ retryAfter: Duration?) -> Duration {
        var pause = min(retryAfter ?? plan.settings.rateLimitPause, .seconds(24 * 3600))
        for slot in slots {
            guard let notAfter = slot.watch.knownNotAfter else { continue }
            let left = notAfter - now - countedError
            // Whether its last second is over is a matter of that second: dates have no parts of one.
            pause = min(pause, (left > .seconds(-2) ? max(left, .zero) : plan.lifetime) / 4)
        }
        return max(pause - .seconds(2), .zero)
    }
}
