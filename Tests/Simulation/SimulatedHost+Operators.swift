import FoundationEssentials
import Lifecycle

/// What people do to a host.
extension SimulatedHost {
    mutating func damage() {
        recur(.damage, every: plan.lifetime / 20)
        let index = random.index(below: slots.count)
        if slots[index].course?.phase == .closing { return }
        watch.disturbed()
        let stray = makeKey(slots[index].wanted.keyType)
        if random.once(in: 6) {
            // A pair from elsewhere; whoever brings it tells the service.
            let leaf = brokers[0].issue(key: stray, names: slots[index].wanted.dnsNames, at: now)
            slots[index].files.install(leaf)
            slots[index].served = leaf.serial
        } else {
            let kinds = ServiceFiles.Damage.allCases
            slots[index].files.suffer(kinds[random.index(below: kinds.count)], strayKey: stray)
        }
        trace?.add("\(now.components.seconds) damage to \(slots[index].wanted.name)")
        if slots[index].files.leaf?.serial != slots[index].watch.knownSerial {
            slots[index].watch.unservedSince = nil
        }
        watchLife(of: index)
    }

    mutating func request() {
        recur(.request, every: plan.lifetime / 10)
        guard isRunning else { return }
        let index = random.index(below: slots.count)
        let slot = slots[index]
        // The door turns away who would go over the budget.
        let limit = slot.orderLimit(plan.lifetime)
        guard slot.isConfigured, slot.watch.orders.count(at: moment.wall) < limit - 1 else { return }
        let wish = RenewRequest(reload: !random.once(in: 8), rotateKey: random.once(in: 4))
        ask(index, wish)
        // People ask twice.
        if random.once(in: 2), isRunning { ask(index, wish) }
        // And while it runs.
        if random.once(in: 2), isRunning, slots[index].course != nil { ask(index, wish) }
    }

    private mutating func ask(_ index: Int, _ wish: RenewRequest) {
        watch.disturbed()
        keys += 1
        let input = Input.requested(slots[index].wanted.name, RenewalID("r\(keys)"), wish)
        if let course = slots[index].course {
            if wish.rotateKey && !course.plan.rotatesKey {
                slots[index].watch.isAskedAgain = true
            } else if plan.sabotage.contains(.queuedRequests) {
                heldInputs[index, default: []].append(input)
                return
            }
        }
        slots[index].watch.isAskedFor = true
        tell(input)
    }

    mutating func requestReload() {
        recur(.reloadRequest, every: plan.lifetime / 6)
        let index = random.index(below: slots.count)
        guard isRunning, slots[index].isConfigured else { return }
        watch.disturbed()
        keys += 1
        tell(.reloadRequested(slots[index].wanted.name, RenewalID("l\(keys)")))
    }

    mutating func reconfigure() {
        recur(.reconfigure, every: plan.lifetime / 2)
        watch.disturbed()
        let index = random.index(below: slots.count)
        var wanted = slots[index].wanted
        switch random.index(below: 5) {
        case 0:
            slots[index].namesVariant = (slots[index].namesVariant + 1) % 3
            let names = try? HostPlan.names(wanted.name.text, variant: slots[index].namesVariant)
            if let names { wanted.dnsNames = names }
        case 1: wanted.keyType = wanted.keyType == .ecP256 ? .rsa2048 : .ecP256
        case 2:
            wanted.renewBefore = wanted.renewBefore == .standard ? .explicit(plan.lifetime / 4) : .standard
        case 3:
            slots[index].isConfigured.toggle()
            slots[index].watch.dueSince = nil
            slots[index].watch.unservedSince = nil
        default: break
        }
        let before = slots[index].wanted
        let isOther = before.dnsNames != wanted.dnsNames || before.keyType != wanted.keyType
        slots[index].wanted = wanted
        slots[index].watch.retryNotBefore = nil
        slots[index].watch.orders.wasConfigured(
            at: moment, limit: slots[index].orderBudget(plan.lifetime), pace: .seconds(34 * 3600))
        // What was asked for is another order now.
        if isOther { slots[index].watch.orders.forgetUnanswered() }
        slots[index].watch.orders.unansweredKey = nil
        slots[index].watch.dueSince = nil
        watchLife(of: index)
        trace?.add("\(now.components.seconds) reconfigured \(wanted.name)")
        if isRunning { tell(.configured(configured, plan.settings)) }
    }
}
