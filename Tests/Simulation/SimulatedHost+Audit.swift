import FoundationEssentials
import Lifecycle

/// The whole state against the facts.
extension SimulatedHost {
    mutating func audit() {
        report.audits += 1
        let snapshot = snapshot()
        for index in slots.indices where slots[index].isConfigured {
            judgeHealing(index)
            guard let status = snapshot.certificate(slots[index].wanted.name) else {
                return violate(.snapshotWrong, "missing in it", index)
            }
            judgeWords(status, index)
            judgeDeadline(status, snapshot, index)
        }
    }

    mutating func snapshot() -> Snapshot {
        let agent = AgentFacts(
            version: "", pid: 1, startedAt: moment.wall, configPath: "", configHash: "",
            configLoadedAt: moment.wall, lastTickAt: moment.wall)
        return state.snapshot(agent: agent, at: shownMoment)
    }

    /// Nothing stays wrong for ever while it could be put right.
    private mutating func judgeHealing(_ index: Int) {
        if let good = goodTimeDue(index) {
            let firstPause: Duration = slots[index].watch.hasBeenSeen ? .zero : .seconds(26 * 3600)
            let longest = plan.lifetime * 3 / 4 + firstPause + plan.settings.checkInterval * 2
            if good > longest { violate(.neverHealed, "after \(good.components.seconds) s", index) }
        }
        // The time of a reload that waits for a pair counts from when there is one.
        if slots[index].watch.unservedSince != nil && !slots[index].files.isServable {
            slots[index].watch.unservedSince = watch.goodForReloads.mark(at: now)
        }
        if let since = slots[index].watch.unservedSince, slots[index].isReloaded {
            let good = watch.goodForReloads.total(at: now) - since
            if good > .seconds(31 * 3600) {
                violate(.reloadForgotten, "after \(good.components.seconds) s", index)
            }
        }
    }

    private mutating func judgeWords(_ status: CertificateStatus, _ index: Int) {
        // Read where it is: a copy of all that is known of a certificate costs more than the questions.
        let isUnderWay = slots[index].course != nil
        if (status.state == .renewing) != isUnderWay {
            return violate(.snapshotWrong, "\(status.state) while an attempt runs: \(isUnderWay)", index)
        }
        let isTrue =
            switch status.state {
            case .unknown: status.installed == nil
            case .renewing: status.currentRenewal != nil
            case .expired: (status.installed?.notAfter ?? .distantFuture) <= moment.wall
            case .missing: status.reason != nil
            case .failing: status.reason != nil && status.lastError != nil
            case .waiting, .expiring: status.reason != nil
            case .reloadPending: status.reason == nil && status.reload.pendingSince != nil
            case .valid: status.reason == nil && status.installed != nil && status.reload.pendingSince == nil
            }
        if !isTrue { violate(.snapshotWrong, "\(status.state): \(status.why)", index) }
        if status.reason != nil, slots[index].watch.orders.isAnswered,
            status.why.contains("may still be working")
        {
            violate(.snapshotWrong, "the answer came: \(status.why)", index)
        }
        if let installed = status.installed, let known = slots[index].watch.knownSerial,
            installed.serial != String(known, radix: 16)
        {
            violate(.snapshotWrong, "shows \(installed.serial) instead of \(String(known, radix: 16))", index)
        }
        let orders = slots[index].watch.orders.count(at: moment.wall) - (isUnderWay ? 1 : 0)
        if status.ordersLast7Days < orders {
            violate(.snapshotWrong, "shows \(status.ordersLast7Days) orders of \(orders)", index)
        }
    }

    /// All brokers are closed, or the one that an order was lost at.
    private func isHeldByBrokers(_ index: Int, _ broker: BrokerStatus) -> Bool {
        let closed = broker.brokers.filter { $0.state == .unreachable || $0.state == .paused }
        let own = slots[index].watch.orders.unanswered.map { brokers[$0.broker].address }
        return closed.count == broker.brokers.count || closed.contains { $0.address == own }
    }

    /// The machine wants to be woken for everything that it says comes next.
    private mutating func judgeDeadline(_ status: CertificateStatus, _ snapshot: Snapshot, _ index: Int) {
        guard let deadline = state.nextDeadline else { return violate(.deadlineMissed, "no deadline at all") }
        let (present, wake) = (moment.wall, moment.wall + ((deadline - now).seconds - 0.01))
        func judge(_ what: StaticString, _ date: Date?) {
            guard let date, date > present, date < wake else { return }
            violate(.deadlineMissed, "sleeps \(wake.timeIntervalSince(date)) s past: \(what)", index)
        }
        judge("due", status.nextRenewalAt)
        judge("end of life", status.installed?.notAfter)
        if slots[index].course == nil && !slots[index].isRebuilding { judge("look", status.nextCheckAt) }
        if status.reload.pendingSince != nil && !status.reload.isRunning {
            judge("reload", status.reload.nextAttemptAt)
        }
        if status.reason == nil { return }
        let isHeld = isHeldByBrokers(index, snapshot.broker)
        if !isHeld && snapshot.identity.state.isUsable {
            judge("attempt", status.nextAttemptAt)
            let isFree = watch.attempts < plan.settings.concurrency && slots[index].course == nil
            if isFree, !slots[index].isRebuilding, let at = status.nextAttemptAt, at < present - 1 {
                violate(.deadlineMissed, "could start since \(present.timeIntervalSince(at)) s", index)
            }
        }
    }
}
