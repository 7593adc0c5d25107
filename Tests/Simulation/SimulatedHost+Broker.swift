import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    /// Sends an order into the weather. Returns the answer and when it arrives.
    mutating func ask(
        _ index: Int, _ key: ServiceKey, _ names: DNSNameSet, atBroker number: Int
    ) -> (BrokerAnswer, Duration) {
        let soon = random.duration(.milliseconds(50), .milliseconds(800))
        guard let identity, identity.notAfter > moment.wall else {
            return (refusal(.identityExpired, nil), .milliseconds(1))
        }
        let weather = brokers[number].weather
        if weather[.away] {
            return (refusal(.brokerUnreachable, nil), random.duration(.milliseconds(5), .seconds(5)))
        }
        if weather[.hangs] {
            grantUnheard(index, key, names, atBroker: number)
            return (.failure(.lost(.brokerTimeout), status: nil), Self.brokerTimeout)
        }
        if weather[.answersLost] {
            grantUnheard(index, key, names, atBroker: number)
            return (.failure(.lost(.connectionLost), status: nil), soon)
        }
        if weather[.rateLimited] { return (rateLimit(), soon) }
        if weather[.unavailable] { return (refusal(.brokerUnavailable, 503), soon) }
        if weather[.badGateway] || weather[.serverError] {
            if random.once(in: 2) {
                grantUnheard(index, key, names, atBroker: number)
            } else {
                noteOrder(index)
            }
            let isGateway = weather[.badGateway]
            return (
                .failure(.lost(isGateway ? .issuanceFailed : .brokerError), status: isGateway ? 502 : 500),
                soon
            )
        }
        if self.weather[.forbidden] && index % 4 == 1 { return (refusal(.forbidden, 403), soon) }
        let (leaf, isCached) = brokers[number].order(key: key, names: names, isKept: true, at: now)
        brokers[number].sweep(at: now)
        if !isCached { noteOrder(index) }
        let wait = weather[.slow] ? random.duration(.seconds(5), .seconds(50)) : soon
        return (.bundle(leaf, isCached: isCached), wait)
    }

    /// The broker does its part, and nobody hears of it.
    private mutating func grantUnheard(
        _ index: Int, _ key: ServiceKey, _ names: DNSNameSet, atBroker number: Int
    ) {
        _ = brokers[number].order(key: key, names: names, isKept: !random.once(in: 2), at: now)
        noteOrder(index)
    }

    private func refusal(_ failureClass: FailureClass, _ status: Int?) -> BrokerAnswer {
        .failure(RenewalFailure(stage: .order, failureClass, detail: ""), status: status)
    }

    private mutating func rateLimit() -> BrokerAnswer {
        let longest = max(plan.lifetime / 20, .seconds(120))
        let retryAfter = random.once(in: 3) ? nil : random.spell(.seconds(1), longest)
        let failure = RenewalFailure(stage: .order, .rateLimited, detail: "", retryAfter: retryAfter)
        return .failure(failure, status: 429)
    }

    /// An order may have reached the authority.
    mutating func noteOrder(_ index: Int, isCertain: Bool = true) {
        report.orders += 1
        let slot = slots[index]
        let before = max(slot.watch.orders.heldUntil, now)
        slots[index].course?.isCounted = true
        slots[index].watch.orders.note(
            at: moment, limit: slot.orderBudget(plan.lifetime), pace: .seconds(34 * 3600),
            isStored: isCertain && slot.isRecordCurrent)
        slots[index].watch.exempt += max(slots[index].watch.orders.heldUntil - before, .zero)
    }
}
