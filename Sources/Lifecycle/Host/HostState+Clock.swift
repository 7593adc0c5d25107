import FoundationEssentials

extension HostState {
    /// The moment by the time that counts.
    mutating func judgedMoment(_ raw: Moment) -> Moment {
        let before = (clock.trust, clock.countsFrom)
        if !isConfigured { clock.begin(newest: newestKnownTime, at: raw) }
        let now = clock.judge(raw)
        if !isConfigured { isStartUnsettled = clock.holdsAged }
        noteTrust(before, at: now)
        return now
    }

    /// No clock that is right reads less than this: what was noted here has happened.
    private var newestKnownTime: Date {
        records.values.reduce(ClockWatch.earliest) { max($0, $1.newestTime ?? .distantPast) }
    }

    mutating func timeAsked(_ answer: TimeAnswer, at now: Moment) {
        allDirty = true
        let before = (clock.trust, clock.countsFrom)
        switch answer {
        case .told(let time, let broker):
            brokers[broker]?.lastContactAt = now.wall
            clock.hear(time, at: now.boottime, longest: longestDoubt)
        case .untold(let broker):
            brokers[broker]?.lastContactAt = now.wall
            clock.heardNoDate(at: now.boottime, longest: longestDoubt)
        case .unproven: clock.heardUnproven(at: now.boottime, longest: longestDoubt)
        case .unanswered: clock.heardNothing(at: now.boottime, longest: longestDoubt)
        }
        noteTrust(before, at: now)
    }

    /// Now that somebody has told the time, for the first time since the start: by a wrong clock the waits that were
    /// stored seemed over, or longer than they are.
    mutating func restoreWaitsOfUnsettledStart(at now: Moment) {
        guard isStartUnsettled, !clock.holdsAged else { return }
        isStartUnsettled = false
        for index in certificates.indices { certificates[index].restoreWaits(at: now, least: now, settings) }
        resumePauses(at: now)
        holdCutOffCommands(at: now)
    }

    /// Every answer of a broker tells the time.
    mutating func hear(_ time: ServerTime, at now: Moment) {
        let before = (clock.trust, clock.countsFrom)
        clock.overhear(time, at: now.boottime, longest: longestDoubt)
        noteTrust(before, at: now)
    }

    /// The identity was signed when it became valid.
    mutating func hear(_ identity: IdentityFacts, at now: Moment) {
        let before = (clock.trust, clock.countsFrom)
        clock.learn(passed: identity.notBefore, at: now)
        noteTrust(before, at: now)
    }

    /// Asks the brokers how late it is, if that has to be known now.
    mutating func superviseClock(at now: Moment) {
        guard isConfigured, !isStopping else { return }
        if !settings.asksTimeAtStart {
            clock.trustUnchecked()
            if !clock.holdsAged { isStartUnsettled = false }
        }
        let hasAged = agedCount > 0 || identity.isDueByAge(at: now.wall)
        if clock.asks(hasAged: hasAged, at: now.boottime) {
            // Who waits for the answer says when the question is put.
            allDirty = true
            emit(.askTime(settings.brokers))
        }
        if clock.countsFrom != toldCountsFrom {
            toldCountsFrom = clock.countsFrom
            // First of all: what follows is judged by it.
            actions.insert(.countTime(from: clock.countsFrom), at: 0)
        }
    }

    /// No certificate's life is spent waiting for a broker that doesn't tell the time.
    private var longestDoubt: Duration {
        certificates.lazy.compactMap { $0.record.lifetime }.min().map { $0 / 10 } ?? .seconds(3600)
    }

    private mutating func noteTrust(_ before: (trust: ClockWatch.Trust, countsFrom: Date?), at now: Moment) {
        if clock.trust == before.trust && clock.countsFrom == before.countsFrom { return }
        allDirty = true
        isTimeNew = true
        if clock.trust == before.trust { return }
        switch clock.trust {
        case .unchecked: break
        case .doubted: emit(.report(.clockDoubted))
        case .refuted: emit(.report(.clockRefuted(skew: clock.skew ?? .zero)))
        case .believed: if before.trust != .unchecked { emit(.report(.clockBelieved(skew: clock.skew))) }
        }
    }

    func clockStatus(at now: Moment, _ raw: Moment) -> ClockStatus {
        var status = ClockStatus(skew: clock.skew)
        switch clock.trust {
        case .unchecked, .believed: status.state = .ok
        case .doubted: status.state = .unconfirmed
        case .refuted: status.state = .suspect
        }
        status.nextQuestionAt = clock.askAt.map(now.wall(of:))
        status.correction = .seconds(raw.wall.timeIntervalSince(now.wall))
        return status
    }
}

extension CertificateRecord {
    /// The latest moment that has passed for certain, by the clock that wrote it.
    var newestTime: Date? {
        [
            lastError?.at, lastAttemptAt, lastSuccessAt, orders.lastOrderAt, attemptUnderWaySince,
            reload?.since, reload?.lastError?.at,
        ].compactMap(\.self).max()
    }
}
