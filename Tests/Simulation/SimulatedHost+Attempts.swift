import FoundationEssentials
import Lifecycle

extension SimulatedHost {
    static let brokerTimeout: Duration = .seconds(60)

    mutating func startAttempt(_ attempt: AttemptPlan) {
        guard let index = indexes[attempt.certificate.name] else { return }
        let broker = number(of: attempt.broker) ?? 0
        judgeStart(of: attempt, index)
        watch.attempts += 1
        report.attempts += 1
        var course = AttemptCourse(plan: attempt, startedAt: now, broker: broker)
        course.isProbe = watch.areAllAway
        if course.isProbe { watch.probes += 1 }
        slots[index].course = course
        put(.attempt(index, process: process), in: random.duration(.milliseconds(1), .milliseconds(200)))
    }

    /// The next phase of an attempt.
    mutating func goOn(_ index: Int) {
        switch slots[index].course?.phase {
        case .key: takeKey(index)
        case .order: sendOrder(index)
        case .answer: receive(index)
        case .install: beginInstall(index)
        case .closing: closeSection(index)
        case nil: break
        }
    }

    private func isDead(_ index: Int) -> Bool { !isRunning || slots[index].course == nil }

    private mutating func takeKey(_ index: Int) {
        guard let attempt = slots[index].course?.plan else { return }
        if !settleRecord(index) {
            return fail(index, RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "ENOSPC"))
        }
        tell(.attemptStep(attempt.certificate.name, .key))
        if isDead(index) { return }
        let type = attempt.certificate.keyType
        let isStuck = weather[.diskUnwritable]
        if attempt.retiresPendingKey && !isStuck { slots[index].pendingKey = nil }
        if plan.sabotage.contains(.freshKeyOnRetry) { slots[index].pendingKey = nil }
        if !attempt.rotatesKey, let key = slots[index].files.key, key.type == type {
            slots[index].course?.key = key
        } else if let waiting = slots[index].pendingKey, waiting.type == type,
            !attempt.retiresPendingKey || !isStuck
        {
            slots[index].course?.key = waiting
        } else if isStuck {
            return fail(index, RenewalFailure(stage: .key, .stateDirectoryFailed, detail: "ENOSPC"))
        } else {
            let key = makeKey(type)
            slots[index].pendingKey = key
            slots[index].course?.key = key
        }
        tell(.attemptStep(attempt.certificate.name, .csr))
        if isDead(index) { return }
        slots[index].course?.phase = .order
        put(.attempt(index, process: process), in: .milliseconds(5))
    }

    mutating func makeKey(_ type: KeyType) -> ServiceKey {
        keys += 1
        return ServiceKey(number: keys, type: type)
    }

    private mutating func sendOrder(_ index: Int) {
        guard let course = slots[index].course, let key = course.key else { return }
        tell(.attemptStep(course.plan.certificate.name, .order))
        if isDead(index) { return }
        beginRequest(index)
        if plan.sabotage.contains(.hedgedOrders), brokers.count > 1 {
            beginRequest(index)
            _ = ask(index, key, course.plan.certificate.dnsNames, atBroker: course.broker == 0 ? 1 : 0)
        }
        let (answer, latency) = ask(index, key, course.plan.certificate.dnsNames, atBroker: course.broker)
        slots[index].course?.answer = answer
        slots[index].course?.sentAt = now
        slots[index].course?.phase = .answer
        judgeOrder(answer, key: key, index)
        put(.attempt(index, process: process), in: latency)
    }

    private mutating func beginRequest(_ index: Int) {
        if slots[index].openRequests > 0 { violate(.twoRequests, "another one is under way", index) }
        slots[index].openRequests += 1
    }

    private mutating func receive(_ index: Int) {
        slots[index].openRequests = 0
        guard let course = slots[index].course, var answer = course.answer, let key = course.key else {
            return
        }
        // Suspended in the middle of it: the connection is gone, or time is up.
        if now - course.sentAt > Self.brokerTimeout + .seconds(1), case .bundle(_, let isCached) = answer {
            answer = .failure(.lost(.brokerTimeout), status: nil)
            if isCached { noteOrder(index) }
        }
        hear(answer, fromBroker: course.broker, askedAt: course.startedAt)
        let name = course.plan.certificate.name
        switch answer {
        case .failure(var failure, let status):
            tell(.brokerExchanged(exchange(course, status: status)))
            if isDead(index) { return }
            if failure.isPossibleOrder {
                slots[index].watch.orders.notePossible(at: now, isStored: false)
                noteUnanswered(at: course.broker, since: course.startedAt, index)
                if course.plan.rotatesKey { slots[index].watch.orders.unansweredKey = key }
                report.possibleOrders += 1
            }
            if plan.sabotage.contains(.probePerCertificate), failure.failureClass.isSharedByHost {
                failure.failureClass = .connectionLost
            }
            if plan.sabotage.contains(.hastyFailover), failure.failureClass == .connectionLost {
                // As if nothing had been sent.
                failure.failureClass = .brokerUnreachable
                failure.isPossibleOrder = false
            }
            if plan.sabotage.contains(.ignoredRetryAfter) { failure.retryAfter = nil }
            if plan.sabotage.contains(.unnoticedPossibleOrder) { failure.isPossibleOrder = false }
            fail(index, failure)
        case .bundle(let leaf, let isCached):
            tell(.brokerExchanged(exchange(course, status: 200)))
            if isDead(index) { return }
            slots[index].watch.orders.unansweredKey = nil
            tell(.attemptStep(name, .checks))
            if isDead(index) { return }
            if leaf.serial == slots[index].files.leaf?.serial, slots[index].isInOrder {
                return end(index, .unchanged(serial: String(leaf.serial, radix: 16)))
            }
            if let refusal = check(leaf, isCached: isCached, for: course.plan.certificate) {
                return fail(index, refusal)
            }
            slots[index].course?.phase = .install
            put(.attempt(index, process: process), in: .milliseconds(2))
        }
    }

    /// From its beginning on, like the agent: it can't know when a request was sent that was cut off.
    mutating func noteUnanswered(at broker: Int, since: Duration, _ index: Int) {
        slots[index].watch.orders.noteUnanswered(
            broker: broker, since: since, span: plan.settings.sameBrokerSpan, skewedAt: skewedAt)
    }

    private func exchange(_ course: AttemptCourse, status: Int?) -> BrokerExchange {
        BrokerExchange(
            broker: course.plan.broker, endpoint: "/v1/certificates", status: status,
            took: now - course.sentAt, time: status.flatMap { _ in serverTime(course) })
    }

    private func serverTime(_ course: AttemptCourse) -> ServerTime? {
        if plan.sabotage.contains(.parrotedTime) || plan.sabotage.contains(.lostQuestion) { return nil }
        let told = WorldTime.date(now).timeIntervalSince1970.rounded(.down)
        return ServerTime(
            date: Date(timeIntervalSince1970: told), readAt: now,
            uncertainty: now - course.sentAt + .seconds(1))
    }

    /// The checks of a bundle that time can fail.
    private mutating func check(
        _ leaf: Leaf, isCached: Bool, for certificate: ManagedCertificate
    ) -> RenewalFailure? {
        let facts = leaf.facts
        let wall = moment.wall
        let window = RenewalWindow(lifetime: facts.lifetime, renewBefore: certificate.renewBefore)
        let dueAt = window.dueAt(
            notAfter: facts.notAfter, lifetime: facts.lifetime, identity: plan.settings.identityName,
            name: certificate.name)
        let refused: FailureClass
        if facts.notAfter <= wall {
            refused = .leafExpired
        } else if facts.notBefore > wall + 300 {
            refused = .leafNotYetValid
        } else if dueAt <= wall && !plan.sabotage.contains(.unclampedWindow) {
            refused = .alreadyDue
        } else {
            return nil
        }
        return RenewalFailure(
            stage: .checks, refused, detail: "", placedOrder: !isCached, refusedSerial: facts.serial)
    }

    private mutating func beginInstall(_ index: Int) {
        guard let course = slots[index].course else { return }
        if let wait = waitAtGate(for: course.plan.certificate) {
            return put(.attempt(index, process: process), in: wait)
        }
        tell(.attemptStep(course.plan.certificate.name, .install))
        if isDead(index) { return }
        if weather[.diskUnwritable] {
            return failInstall(index)
        }
        openSections += 1
        slots[index].course?.phase = .closing
        put(.attempt(index, process: process), in: random.duration(.milliseconds(5), .milliseconds(60)))
    }

    private mutating func closeSection(_ index: Int) {
        guard let course = slots[index].course, case .bundle(let leaf, let isCached)? = course.answer else {
            return
        }
        openSections -= 1
        if weather[.diskUnwritable] {
            failInstall(index)
        } else {
            let wasServed = slots[index].watch.unservedSince == nil
            commit(leaf, index)
            if wasServed && !course.plan.reloadWanted { slots[index].watch.unservedSince = nil }
            if course.plan.reason == .expiring && report.firstRenewals[index] == nil {
                report.firstRenewals[index] = now
            }
            let report = IssuedReport(certificate: leaf.facts, wasCached: isCached)
            end(index, .installed(report))
        }
        if isRunning { openGate() }
    }

    /// The new files are in place, whether or not the agent lives to say so.
    mutating func commit(_ leaf: Leaf, _ index: Int) {
        report.installs += 1
        if slots[index].pendingKey == leaf.key { slots[index].pendingKey = nil }
        slots[index].files.install(leaf)
        slots[index].watch.knownNotAfter = leaf.notAfter
        slots[index].watch.hasBeenSeen = true
        if slots[index].isReloaded, slots[index].watch.unservedSince == nil {
            slots[index].watch.unservedSince = watch.goodForReloads.mark(at: now)
        }
        slots[index].watch.knownSerial = leaf.serial
        watchLife(of: index)
    }

    /// What was ordered and can't be installed was ordered all the same.
    private mutating func failInstall(_ index: Int) {
        guard case .bundle(_, let isCached)? = slots[index].course?.answer else { return }
        fail(index, RenewalFailure(stage: .install, .diskFull, detail: "ENOSPC", placedOrder: !isCached))
    }

    private mutating func fail(_ index: Int, _ failure: RenewalFailure) { end(index, .failed(failure)) }

    private mutating func end(_ index: Int, _ outcome: AttemptOutcome) {
        guard let course = slots[index].course else { return }
        slots[index].course = nil
        watch.attempts -= 1
        if course.isProbe { watch.probes = max(watch.probes - 1, 0) }
        if plan.sabotage.contains(.lostOutcome), random.once(in: 20) { return }
        if !outcome.isUnanswered { slots[index].watch.orders.noteAnswered() }
        judgeEnd(outcome, index)
        tell(.attemptEnded(course.plan.certificate.name, told(outcome)))
        if let held = heldInputs.removeValue(forKey: index) { held.forEach { tell($0) } }
    }

    private func told(_ outcome: AttemptOutcome) -> AttemptOutcome {
        guard plan.sabotage.contains(.unclampedWindow), case .installed(var report) = outcome else {
            return outcome
        }
        report.certificate.notBefore = report.certificate.notAfter - 100 * 365 * 86_400.0
        return .installed(report)
    }
}

extension AttemptOutcome {
    /// No bundle came of it.
    fileprivate var isUnanswered: Bool {
        if case .failed(let failure) = self {
            failure.stage != .checks && failure.stage != .install
        } else {
            false
        }
    }
}

extension RenewalFailure {
    /// The request was sent; what became of it nobody knows.
    static func lost(_ failureClass: FailureClass) -> RenewalFailure {
        RenewalFailure(stage: .order, failureClass, detail: "", isPossibleOrder: true)
    }
}
