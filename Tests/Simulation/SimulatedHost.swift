import FoundationEssentials
import Lifecycle

/// One host and its agent: the real state machine, driven through simulated time by a driver like the real one, in a
/// world where everything may fail.
struct SimulatedHost {
    let plan: HostPlan
    var random: SplitMix
    var state: HostState
    var slots: [CertificateSlot]
    var indexes: [CertificateName: Int] = [:]
    /// The preferred one first.
    var brokers: [SimulatedBroker]
    var weather = Weather()
    var events = EventQueue<Happening>()
    var identity: IdentityFacts?
    var keys = 0

    var now = WorldTime.start
    /// How far the host's wall clock is off, in seconds.
    var clockError = 0.0
    /// What the agent takes for the time at boottime zero, instead of the wall clock's.
    var countsFrom: Date? { didSet { if countsFrom != nil { hasCountedByBroker = true } } }
    private(set) var hasCountedByBroker = false
    /// When what is stored of times last changed its meaning.
    var skewedAt: Duration = .zero
    /// The time that counted for the last process, at boottime zero.
    var wallAtEnd: Date?
    /// Told with each event of a process; what an earlier process began never ends.
    var process = 0
    var isRunning = false
    /// The process dies after so many more actions.
    var actionsToLive: Int?
    var waitingInputs: [Input] = []
    /// Requests held back, under sabotage.
    var heldInputs: [Int: [Input]] = [:]
    /// Time that a clock without suspends has missed, under sabotage.
    var slept: Duration = .zero
    /// The wall clock was set, and the engine hasn't seen it yet.
    var isClockNew = false

    var openSections = 0
    var reloads: [Int: ReloadRun] = [:]
    var reloadsAtGate: [Int] = []
    var reloadNumber = 0

    var watch: HostWatch
    var report = HostReport()
    var trace: Trace?

    enum Happening {
        /// Of the broker of this number, or of the host.
        case weather(Weather.Trouble, broker: Int?)
        case attempt(Int, process: Int)
        case rebuilt(Int, process: Int)
        case reloadEnds(Int, process: Int)
        case identityRenewal(process: Int)
        indirect case timeAnswer(TimeAnswer, process: Int)
        case start
        case entersWindow(Int, serial: Int)
        case expires(Int, serial: Int)
        /// The engine comes round and sees that the wall clock was set.
        case seesClock
        case pauseEnds, suspend, kill, killInBatch, storm(left: Int)
        case damage, request, reloadRequest, reconfigure, audit
    }

    init(_ plan: HostPlan, traced: Bool) {
        self.plan = plan
        random = plan.random
        slots = plan.certificates.map(CertificateSlot.init)
        brokers = plan.brokers
        state = HostState(seed: 0)
        watch = HostWatch(plan)
        trace = traced ? Trace() : nil
        for index in slots.indices { indexes[slots[index].wanted.name] = index }
        furnish()
    }

    /// The wall clock as the host shows it, and its boottime.
    var shownMoment: Moment {
        Moment(wall: WorldTime.date(now) + clockError, boottime: now)
    }

    /// The same by the time that counts for the agent.
    var moment: Moment {
        Moment(wall: countsFrom.map { $0 + now.seconds } ?? shownMoment.wall, boottime: now)
    }

    /// How far the time that counts for the agent is off.
    var countedError: Duration { .seconds(moment.wall.timeIntervalSince(WorldTime.date(now))) }

    /// Runs until the plan's end or the first violation.
    mutating func run() -> HostReport {
        while now < plan.end && watch.violation == nil {
            let wake = isRunning ? wakeTime : nil
            if let wake, wake <= events.next ?? plan.end {
                advance(to: wake)
                tell(.tick)
            } else if let next = events.next, let event = events.take() {
                advance(to: next)
                happen(event)
            } else {
                break
            }
        }
        report.violation = watch.violation
        if trace != nil, let name = watch.violation?.certificate { explain(name) }
        report.simulated = now - WorldTime.start
        report.trace = trace.map { Array($0.tail) } ?? []
        return report
    }

    /// What the agent itself says of a certificate.
    private mutating func explain(_ name: String) {
        guard let status = snapshot().certificates.first(where: { $0.name.text == name }) else { return }
        trace?.add("\(name) is \(status.state): \(status.why); \(status.ordersLast7Days) orders in 7 days")
        trace?.add(
            "last error: \(status.lastError.map { "\($0.failure.failureClass) at \($0.at)" } ?? "none")")
        let wall = moment.wall
        trace?.add("now \(wall), troubles \(weather.troubles)")
        for broker in brokers { trace?.add("\(broker.address): \(broker.weather.troubles)") }
    }

    /// When the engine wakes by itself.
    private var wakeTime: Duration? {
        guard let deadline = state.nextDeadline else { return nil }
        if plan.sabotage.contains(.oversleeping) { return max(deadline, now) + (deadline - now) }
        return plan.sabotage.contains(.sleepyClock) ? max(deadline, now) + slept : deadline
    }

    private mutating func advance(to time: Duration) {
        if time > now { now = time }
    }

    /// Tells the machine, does what it says, and tells what came of that at once.
    mutating func tell(_ input: Input) {
        guard isRunning else { return }
        waitingInputs.append(input)
        var next = 0
        while isRunning && next < waitingInputs.count {
            let input = waitingInputs[next]
            next += 1
            trace?.add("\(now.components.seconds) told \(input.brief)")
            watch.told(at: now, certificates: slots.count)
            report.inputs += 1
            slept = .zero
            let actions = state.handle(input, at: shownMoment)
            report.actions += actions.count
            perform(inOrder: actions)
        }
        waitingInputs.removeAll(keepingCapacity: true)
        if isRunning && !isClockNew && report.inputs >= report.nextAudit {
            report.nextAudit = report.inputs + plan.auditInterval
            audit()
        }
    }

    mutating func violate(_ rule: Violation.Rule, _ detail: String, _ index: Int? = nil) {
        if watch.violation != nil { return }
        watch.violation = Violation(
            rule: rule, detail: detail, host: plan.index,
            certificate: index.map { slots[$0].wanted.name.text }, at: now)
    }
}
