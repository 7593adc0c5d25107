import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    /// The process is gone at this instant; what it was doing stops where it is.
    mutating func kill(downFor wait: Duration) {
        guard isRunning else { return }
        trace?.add("\(now.components.seconds) killed")
        isRunning = false
        process += 1
        actionsToLive = nil
        waitingInputs = []
        heldInputs = [:]
        wallAtEnd = moment.wall - now.seconds
        for index in slots.indices { abandon(index) }
        for number in reloads.keys.sorted() {
            // The command may have got so far.
            if let run = reloads[number], run.hasStarted, run.succeeds, random.once(in: 2) { serve(run) }
        }
        reloads = [:]
        reloadsAtGate = []
        openSections = 0
        watch.attempts = 0
        watch.probes = 0
        watch.brokers = brokers.map { _ in BrokerWatch() }
        weigh()
        put(.start, in: wait)
    }

    private mutating func abandon(_ index: Int) {
        slots[index].isRebuilding = false
        slots[index].refused = nil
        slots[index].openRequests = 0
        if let course = slots[index].course {
            // A section that is open ends as its journal says: at the old set or at the new one.
            if course.phase == .closing, case .bundle(let leaf, _)? = course.answer, random.once(in: 2),
                !weather[.diskUnwritable]
            {
                commit(leaf, index)
            }
            if course.phase == .answer, course.isCounted {
                let isStored = slots[index].isRecordCurrent
                slots[index].watch.orders.notePossible(at: course.sentAt, isStored: isStored)
                if course.plan.rotatesKey { slots[index].watch.orders.unansweredKey = course.key }
            }
        }
        // The agent can't know how far an attempt got, or whether it began at all: what its record tells of counts.
        if slots[index].record?.attemptUnderWaySince != nil, slots[index].course?.isCounted != true {
            noteOrder(index, isCertain: false)
        }
        if let begun = slots[index].record?.attemptUnderWaySince,
            let broker = slots[index].record?.attemptUnderWayAt.flatMap(number(of:))
        {
            let since = now - .seconds(moment.wall.timeIntervalSince(begun))
            slots[index].watch.orders.noteCutOff(
                broker: broker, since: since, span: plan.settings.sameBrokerSpan)
        }
        if let course = slots[index].course, course.startedAt <= skewedAt {
            // What is on disk of it was noted before.
            slots[index].watch.orders.clockWasSet()
        }
        slots[index].course = nil
        slots[index].watch.isAskedFor = slots[index].record?.request != nil
        slots[index].watch.isAskedAgain = false
    }

    mutating func start() {
        if isRunning { return }
        report.starts += 1
        countsFrom = nil
        // What the process before knew better than its host's clock is no help to this one.
        if let wallAtEnd, abs((moment.wall - now.seconds).timeIntervalSince(wallAtEnd)) > 1 { noteSkew() }
        watch.disturbed()
        isRunning = true
        for index in slots.indices {
            let watch = slots[index].watch
            if !watch.isRetryStored || watch.isRetrySkewed { slots[index].watch.retryNotBefore = nil }
            slots[index].watch.isRetryRestored = true
            slots[index].watch.orders.restarted()
        }
        let records = slots.compactMap { slot in slot.record.map { (slot.wanted.name, $0) } }
        state = HostState(seed: random.next(), records: Dictionary(uniqueKeysWithValues: records))
        weigh()
        tell(.configured(configured, plan.settings))
    }

    var configured: [ManagedCertificate] { slots.filter(\.isConfigured).map(\.wanted) }

    /// Right, or so wrong that a broker's time counts instead: what lies between the agent can't know better.
    private var isClockKnown: Bool { clockError == 0 || abs(clockError) > 700 }

    /// Whether one of the brokers grants what it is asked for, and none that may be asked instead makes any trouble.
    private var doBrokersLet: Bool {
        var isGranted = false
        for (number, broker) in brokers.enumerated() {
            if (watch.brokers[number].pauseUntil ?? .zero) > now { continue }
            if broker.weather.lets {
                isGranted = true
            } else if !broker.weather.isPassedOver {
                return false
            }
        }
        return isGranted
    }

    /// Whether now counts as good time.
    mutating func weigh() {
        let hasIdentity = identity.map { $0.notAfter > WorldTime.date(now) } ?? false
        watch.good.set(isRunning && weather.lets && hasIdentity && doBrokersLet && isClockKnown, at: now)
        watch.goodForReloads.set(isRunning && weather.letsReload, at: now)
    }
}
