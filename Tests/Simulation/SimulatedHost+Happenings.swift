import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    mutating func happen(_ event: Happening) {
        switch event {
        case .attempt(let index, let process): if process == self.process { goOn(index) }
        case .rebuilt(let index, let process): if process == self.process { rebuild(index) }
        case .reloadEnds(let number, let process): if process == self.process { endReload(number) }
        case .identityRenewal(let process): if process == self.process { renewIdentity() }
        case .timeAnswer(let answer, let process):
            if process == self.process { tell(.timeAsked(told(answer))) }
        case .start: start()
        case .entersWindow(let index, let serial):
            // The configuration may have changed since.
            if let leaf = slots[index].files.leaf, leaf.serial == serial, slots[index].watch.dueSince == nil,
                windowStart(slots[index], leaf) <= now
            {
                becomesDue(index)
            }
        case .expires(let index, let serial):
            if slots[index].files.leaf?.serial == serial { judgeExpiry(index) }
        case .weather(let trouble, let broker): change(trouble, ofBroker: broker)
        case .seesClock:
            isClockNew = false
            tell(.tick)
        case .pauseEnds: weigh()
        case .suspend: suspend()
        case .kill:
            kill(downFor: random.spell(.seconds(1), plan.lifetime / 50))
            recur(.kill, every: plan.lifetime / 3)
        case .killInBatch:
            actionsToLive = random.index(below: 8)
            recur(.killInBatch, every: plan.lifetime / 3)
        case .storm(let left): storm(left)
        case .damage: damage()
        case .request: request()
        case .reloadRequest: requestReload()
        case .reconfigure: reconfigure()
        case .audit:
            weigh()
            if isRunning && !isClockNew { audit() }
            recur(.audit, every: plan.lifetime / 100)
        }
    }

    mutating func recur(_ event: Happening, every mean: Duration) {
        put(event, in: random.duration(mean / 20, mean * 2))
    }

    /// What a host has at the beginning, and what the world has in store for it.
    mutating func furnish() {
        enroll()
        for index in slots.indices where plan.isCalm || !random.once(in: 3) {
            let key = makeKey(slots[index].wanted.keyType)
            let age = plan.isCalm ? .zero : plan.lifetime * Double.random(in: 0...0.7, using: &random)
            let leaf = brokers[0].issue(key: key, names: slots[index].wanted.dnsNames, at: now - age)
            slots[index].files.install(leaf)
            slots[index].served = leaf.serial
        }
        for index in slots.indices { watchLife(of: index) }
        events.put(.start, at: now)
        recur(.audit, every: plan.lifetime / 100)
        if plan.isCalm { return }
        for trouble in Weather.Trouble.allCases {
            if !trouble.isOfBroker { scheduleChange(trouble, ofBroker: nil) }
            for number in brokers.indices where trouble.isOfBroker {
                scheduleChange(trouble, ofBroker: number)
            }
        }
        let lifetime = plan.lifetime
        recur(.suspend, every: lifetime / 4)
        recur(.kill, every: lifetime / 3)
        recur(.killInBatch, every: lifetime / 3)
        recur(.storm(left: 30), every: lifetime * 4)
        recur(.damage, every: lifetime / 20)
        recur(.request, every: lifetime / 10)
        recur(.reloadRequest, every: lifetime / 6)
        recur(.reconfigure, every: lifetime / 2)
    }

    private mutating func scheduleChange(_ trouble: Weather.Trouble, ofBroker number: Int?) {
        let here = number.map { brokers[$0].weather } ?? weather
        let wait = here.changes(trouble, lifetime: plan.lifetime, random: &random)
        put(.weather(trouble, broker: number), in: wait)
    }

    private mutating func change(_ trouble: Weather.Trouble, ofBroker number: Int?) {
        if let number {
            brokers[number].weather[trouble].toggle()
            let isOn = brokers[number].weather[trouble]
            trace?.add("\(now.components.seconds) \(brokers[number].address): \(trouble) \(isOn)")
            weigh()
            return scheduleChange(trouble, ofBroker: number)
        }
        weather[trouble].toggle()
        trace?.add("\(now.components.seconds) \(trouble) \(weather[trouble])")
        let isOn = weather[trouble]
        switch trouble {
        case .clockWrong: setClock(wrong: isOn)
        case .identityLost:
            if isOn { identity = nil } else { enroll() }
        case .forbidden:
            let good = watch.good.total(at: now)
            for index in slots.indices where index % 4 == 1 {
                if isOn {
                    slots[index].watch.exemptFrom = good
                } else if let from = slots[index].watch.exemptFrom {
                    slots[index].watch.exempt += good - from
                    slots[index].watch.exemptFrom = nil
                }
            }
        default: break
        }
        weigh()
        scheduleChange(trouble, ofBroker: nil)
    }

    private mutating func setClock(wrong: Bool) {
        // A few seconds, or what makes everything look expired, or years.
        let lengths = [plan.lifetime / 20, plan.lifetime * 3, .seconds(5 * 365 * 86_400)]
        let longest = lengths[random.index(below: 7) / 3]
        let error = random.spell(.seconds(2), longest).seconds
        clockError = wrong ? (random.once(in: 2) ? error : -error) : 0
        noteSkew()
        // The engine comes round every ten seconds, and sees then that somebody has set the clock.
        isClockNew = true
        put(.seesClock, in: random.duration(.zero, .seconds(10)))
    }

    /// What was stored of times means others now.
    mutating func noteSkew() {
        skewedAt = now
        for index in slots.indices {
            slots[index].watch.isRetrySkewed = true
            if slots[index].watch.isRetryRestored { slots[index].watch.retryNotBefore = nil }
            slots[index].watch.orders.clockWasSet()
        }
    }

    private mutating func suspend() {
        watch.good.set(false, at: now)
        watch.goodForReloads.set(false, at: now)
        let length = random.spell(.seconds(1), plan.lifetime / 10)
        trace?.add("\(now.components.seconds) suspended for \(length)")
        now += length
        slept += length
        weigh()
        recur(.suspend, every: plan.lifetime / 4)
        // Its timers count suspended time.
        if plan.sabotage.isDisjoint(with: [.sleepyClock, .oversleeping]) { tell(.tick) }
    }

    private mutating func storm(_ left: Int) {
        kill(downFor: .seconds(10))
        if left > 0 {
            put(.storm(left: left - 1), in: random.duration(.seconds(10), .seconds(25)))
        } else {
            recur(.storm(left: 30), every: plan.lifetime * 4)
        }
    }

    private mutating func rebuild(_ index: Int) {
        slots[index].isRebuilding = false
        let isFull = weather[.diskUnwritable]
        if !isFull { slots[index].files.rebuild() }
        let failure = RenewalFailure(stage: .install, .diskFull, detail: "ENOSPC")
        tell(.rebuilt(slots[index].wanted.name, isFull ? failure : nil))
    }

    // MARK: Identity

    mutating func enroll() {
        let lifetime = max(plan.lifetime / 3, .seconds(1200))
        keys += 1
        identity = IdentityFacts(
            name: plan.settings.identityName, serial: String(keys, radix: 16), issuer: "step-ca",
            notBefore: WorldTime.date(now), notAfter: WorldTime.date(now + lifetime))
    }

    private mutating func renewIdentity() {
        if identity != nil, !weather[.stepCAAway], !weather[.diskUnwritable] { enroll() }
        weigh()
        if let identity, identity.notBefore == WorldTime.date(now) {
            tell(.identityRenewalEnded(.renewed(identity)))
        } else {
            tell(.identityRenewalEnded(.failed(RenewalFailure(stage: .order, .caUnreachable, detail: ""))))
        }
    }
}
