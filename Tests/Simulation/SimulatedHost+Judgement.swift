import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    /// Whether this attempt may start now.
    mutating func judgeStart(of attempt: AttemptPlan, _ index: Int) {
        let slot = slots[index]
        if slot.course != nil { violate(.twoAttempts, "\(attempt.reason)", index) }
        if watch.attempts >= plan.settings.concurrency { violate(.tooManyAttempts, "\(watch.attempts) run") }
        let limit = slot.orderLimit(plan.lifetime)
        if slot.watch.orders.isSpent(limit: limit, pace: slot.orderPace(plan.lifetime), at: moment) {
            violate(
                .overBudget,
                "\(slot.watch.orders.count(at: moment.wall)) of \(limit), last \(slot.watch.orders.orders.suffix(3))",
                index)
        }
        // A broker tells the time to the second.
        let tolerance: Duration = hasCountedByBroker ? .seconds(3) : .milliseconds(5)
        if let at = slot.watch.orders.possibleAt,
            now - at < plan.settings.possibleOrderDelay - tolerance
        {
            violate(.possibleOrderNotAwaited, "started after \(now - at)", index)
        }
        if let until = slot.watch.retryNotBefore, until > now + tolerance, attempt.requests.isEmpty {
            violate(.retryTooEarly, "\(until - now) too early", index)
        }
        judgeBroker(of: attempt, index)
        judgeAge(attempt, index)
        if attempt.reason == .requested && !slot.watch.isAskedFor { violate(.uncalledRenewal, "", index) }
        countAttempt(index)
    }

    /// Nothing is renewed for its age before its time, however the clock was set.
    private mutating func judgeAge(_ attempt: AttemptPlan, _ index: Int) {
        // Of the leaf that the agent knows: another one may have been put there since.
        guard attempt.reason == .expiring, let leaf = slots[index].files.leaf,
            leaf.serial == slots[index].watch.knownSerial
        else { return }
        let early = leaf.notAfter - now - slots[index].window(leaf.lifetime) - leaf.lifetime / 100
        if early > .seconds(700) { violate(.renewedTooSoon, "\(early) before its window", index) }
    }

    private mutating func countAttempt(_ index: Int) {
        let hour = now.components.seconds / 3600
        if slots[index].watch.hour != hour {
            slots[index].watch.hour = hour
            slots[index].watch.attemptsThisHour = 0
        }
        slots[index].watch.attemptsThisHour += 1
        // Ten tries fit into what is left of a life at each moment: the last hour sees the most.
        if slots[index].watch.attemptsThisHour > 400 { violate(.loop, "400 attempts in an hour", index) }
    }

    /// Whether this order may be for this key.
    mutating func judgeOrder(_ answer: BrokerAnswer, key: ServiceKey, _ index: Int) {
        guard let course = slots[index].course, course.plan.rotatesKey, !course.plan.retiresPendingKey,
            let unanswered = slots[index].watch.orders.unansweredKey, unanswered != key,
            unanswered.type == key.type
        else { return }
        violate(.newKeyForSameOrder, "\(key.number) instead of \(unanswered.number)", index)
    }

    mutating func judgeEnd(_ outcome: AttemptOutcome, _ index: Int) {
        if case .failed(let failure) = outcome {
            if failure.isTransient { return }
        } else {
            slots[index].watch.retryNotBefore = nil
        }
        slots[index].watch.isAskedFor = slots[index].watch.isAskedAgain
        slots[index].watch.isAskedAgain = false
    }

    // MARK: Lives

    /// Begins to watch what is on disk now.
    mutating func watchLife(of index: Int) {
        let slot = slots[index]
        guard slot.isConfigured, slot.isInOrder, let leaf = slot.files.leaf else {
            if slots[index].watch.dueSince == nil { becomesDue(index) }
            return
        }
        slots[index].watch.dueSince = nil
        events.put(.entersWindow(index, serial: leaf.serial), at: max(windowStart(slot, leaf), now))
        events.put(.expires(index, serial: leaf.serial), at: leaf.notAfter)
    }

    /// When the broker and the configuration both let it be renewed.
    func windowStart(_ slot: CertificateSlot, _ leaf: Leaf) -> Duration {
        let window = slot.window(leaf.lifetime)
        return leaf.notAfter - (slot.wanted.reusesKey ? min(window, brokers[0].window) : window)
    }

    mutating func becomesDue(_ index: Int) {
        slots[index].watch.dueSince = watch.good.mark(at: now)
        slots[index].watch.exempt = max(slots[index].watch.orders.heldUntil - now, .zero)
        slots[index].watch.exemptFrom =
            weather[.forbidden] && index % 4 == 1 ? watch.good.total(at: now) : nil
    }

    /// Good time since a certificate became due in which its agent could have renewed it.
    func goodTimeDue(_ index: Int) -> Duration? {
        guard slots[index].isConfigured, let since = slots[index].watch.dueSince else { return nil }
        let total = watch.good.total(at: now)
        let open = slots[index].watch.exemptFrom.map { total - $0 } ?? .zero
        return total - since - slots[index].watch.exempt - open
    }

    mutating func judgeExpiry(_ index: Int) {
        report.expired += 1
        guard let good = goodTimeDue(index), let leaf = slots[index].files.leaf else { return }
        let window = min(slots[index].window(leaf.lifetime), brokers[0].window)
        if good >= window / 8 {
            violate(
                .expiredInGoodTime, "\(good.components.seconds) s of \(window.components.seconds) s", index)
        }
    }
}
