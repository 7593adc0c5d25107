import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    /// Does what the machine wants done, in its order, unless the process dies on the way.
    mutating func perform(inOrder actions: [Action]) {
        for action in actions {
            if let left = actionsToLive {
                if left == 0 { return kill(downFor: random.spell(.seconds(1), plan.lifetime / 100)) }
                actionsToLive = left - 1
            }
            if trace != nil { noteInTrace(action) }
            perform(action)
        }
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .look(let names): for name in names { look(name) }
        case .lookAtIdentity:
            let pair: FoundIdentityPair = identity.map { .present($0) } ?? .missing
            waitingInputs.append(.identityLooked(FoundIdentity(pair: pair)))
        case .rebuild(let certificate, _):
            guard let index = indexes[certificate.name] else { return }
            slots[index].isRebuilding = true
            put(.rebuilt(index, process: process), in: .milliseconds(20))
        case .startAttempt(let plan): startAttempt(plan)
        case .startReload(let plan): startReload(plan)
        case .renewIdentity, .enroll:
            put(.identityRenewal(process: process), in: random.duration(.milliseconds(100), .seconds(3)))
        case .forgetPreviousIdentity, .restoreIdentity: break
        case .askTime(let addresses): askTime(addresses)
        case .countTime(let start): countTime(from: start)
        case .persist(let name, let record): persist(name, record)
        case .forget(let name): if let index = indexes[name] { slots[index].record = nil }
        case .report(let event): heed(event)
        case .verify: break
        }
    }

    /// What was noted by another time may be out of the week by this one, or in it again.
    private mutating func countTime(from start: Date?) {
        let before = moment.wall
        countsFrom = start
        if abs(moment.wall.timeIntervalSince(before)) < 3600 { return }
        for index in slots.indices { slots[index].watch.orders.timeWasCountedAnew() }
    }

    /// The first broker that can be reached tells the time, whatever else it would say.
    private mutating func askTime(_ addresses: [BrokerAddress]) {
        report.questions += 1
        if plan.sabotage.contains(.lostQuestion) { return }
        var wait: Duration = .zero
        for broker in brokers where addresses.contains(broker.address) {
            if broker.weather[.away] {
                wait += random.duration(.milliseconds(5), .seconds(5))
            } else if broker.weather[.hangs] {
                wait += .seconds(20)
            } else {
                wait += random.duration(.milliseconds(50), .milliseconds(800))
                if broker.weather[.answersLost] { continue }
                let told = WorldTime.date(now + wait).timeIntervalSince1970.rounded(.down)
                let time = ServerTime(
                    date: Date(timeIntervalSince1970: told), readAt: now + wait, uncertainty: .seconds(2))
                return put(.timeAnswer(.told(time, by: broker.address), process: process), in: wait)
            }
        }
        put(.timeAnswer(.unanswered, process: process), in: wait)
    }

    /// As the machine is told of it.
    func told(_ answer: TimeAnswer) -> TimeAnswer {
        guard plan.sabotage.contains(.parrotedTime), case .told(var time, let broker) = answer else {
            return answer
        }
        time.date = shownMoment.wall
        return .told(time, by: broker)
    }

    mutating func put(_ event: Happening, in wait: Duration) { events.put(event, at: now + wait) }

    private mutating func look(_ name: CertificateName) {
        guard let index = indexes[name] else { return }
        if plan.sabotage.contains(.staleLooks), slots[index].watch.hasBeenSeen { return }
        let found = slots[index].files.found
        waitingInputs.append(.looked(name, plan.sabotage.contains(.unclampedWindow) ? seen(found) : found))
        slots[index].watch.knownNotAfter = slots[index].files.leaf?.notAfter
        slots[index].watch.knownSerial = slots[index].files.leaf?.serial
        if slots[index].files.leaf != nil { slots[index].watch.hasBeenSeen = true }
    }

    /// As the machine is told of it.
    func seen(_ found: FoundCertificate) -> FoundCertificate {
        guard plan.sabotage.contains(.unclampedWindow), var installed = found.installed else { return found }
        var found = found
        installed.notBefore = installed.notAfter - 100 * 365 * 86_400.0
        found.certificate = .installed(installed)
        return found
    }

    /// What the disk has refused is tried once more. Whether the record is stored.
    mutating func settleRecord(_ index: Int) -> Bool {
        if let refused = slots[index].refused { persist(slots[index].wanted.name, refused) }
        return slots[index].refused == nil
    }

    private mutating func persist(_ name: CertificateName, _ record: CertificateRecord) {
        guard let index = indexes[name] else { return }
        slots[index].isRecordCurrent = !weather[.diskUnwritable]
        if !slots[index].isRecordCurrent {
            slots[index].refused = record
            return
        }
        slots[index].refused = nil
        slots[index].watch.isRetryStored = true
        if record.nextAttemptAt == nil { slots[index].watch.retryNotBefore = nil }
        var record = record
        if plan.sabotage.contains(.lostBackoff) {
            record.nextAttemptAt = nil
            record.possibleOrderUntil = nil
            record.backoffStep = 0
        }
        if plan.sabotage.contains(.unnotedAttempt) { record.attemptUnderWaySince = nil }
        slots[index].record = record
        slots[index].watch.orders.stored()
    }

    /// The log tells how long the machine means to wait; that much is held against it.
    private mutating func heed(_ event: Event) {
        guard case .attemptFailed(let name, _, let failure, let next, _) = event, let index = indexes[name]
        else { return }
        // What is every certificate's trouble waits for all of them.
        slots[index].watch.retryNotBefore = nil
        guard let next, !failure.failureClass.isSharedByHost, failure.failureClass != .rateLimited,
            !failure.failureClass.concernsIdentity
        else { return }
        slots[index].watch.isRetryStored = false
        slots[index].watch.isRetrySkewed = false
        slots[index].watch.isRetryRestored = false
        slots[index].watch.retryNotBefore =
            now + .seconds(next.timeIntervalSince(moment.wall)) - .milliseconds(10)
    }

    private mutating func noteInTrace(_ action: Action) {
        if case .persist(let name, let record) = action {
            let next = record.nextAttemptAt.map { "\($0.timeIntervalSince(moment.wall))" } ?? "-"
            trace?.add(
                "  persist \(name) step \(record.backoffStep) next in \(next) reload \(record.reload != nil)"
                    + (record.unansweredOrder.map { " lost at \($0.broker) \($0.since)" } ?? ""))
        } else if case .startAttempt(let plan) = action {
            trace?.add(
                "  start \(plan.certificate.name) at \(plan.broker) \(plan.reason) rotating \(plan.rotatesKey)"
            )
        } else if case .report(.attemptFailed(_, _, let failure, let next, let repeats)) = action {
            let wait = next.map { "\($0.timeIntervalSince(moment.wall))" } ?? "-"
            trace?.add("  failed \(failure.failureClass) for the \(repeats). time, next in \(wait)")
        } else if case .startReload(let plan) = action {
            trace?.add("  reload \(plan.names)")
        } else if case .report = action {
        } else {
            trace?.add("  \(action)")
        }
    }
}
