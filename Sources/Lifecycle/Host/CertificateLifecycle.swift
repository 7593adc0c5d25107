import FoundationEssentials

/// The state of one certificate: what is wanted, what was found, what is under way and what it waits for. Answers
/// questions about them; the host decides what is started.
struct CertificateLifecycle: Sendable {
    var wanted: ManagedCertificate
    /// What survives a restart. Its times are wall times; those below that mirror them are boottime.
    var record: CertificateRecord
    /// The record, or one like it for the question of reloads, is on disk.
    var isRecorded: Bool
    /// Taken out of the configuration; stays until what is under way has ended.
    var isDeparting = false

    private(set) var found: FoundCertificate?
    /// It was found for an earlier wish: shown until the next look, but nothing is begun because of it.
    private(set) var isFoundForEarlierWish = false
    private(set) var defect: RenewalReason?
    private(set) var window: RenewalWindow?
    private(set) var dueAt: Date?

    /// Looks that were asked for and haven't ended; only the last one counts.
    var looksUnderWay = 0
    /// The files to look at are others than those of the look under way.
    var mustLookAgain = false
    var hasBeenLooked = false
    /// The look under way, the renewal or the rebuild hangs, with the directory of the files.
    var unansweredSince: Date?
    var nextLookAt: Duration
    /// The files that a rebuild is under way for.
    var rebuilding: OutputPaths?
    /// The reload is owed for the sake of the rebuild under way alone.
    var owesForRebuild = false
    /// The next look is to see what came of a rebuild.
    var wasJustRebuilt = false
    var rebuildFailure: RenewalFailure?
    /// The rebuild under way hangs.
    var isRebuildLeftBehind = false
    /// How long what is under way with the files may still take; `nil` while nothing is.
    var filesWatch: FilesWatch?

    var attempt: RunningAttempt?
    /// An attempt has begun since the start: its waits are no longer those that were stored.
    var hasAttempted = false
    /// The queued renewal that somebody asked for, until its first attempt starts.
    var queuedRenewal: RenewalID?
    /// A wish that the running attempt can't fulfil.
    var lateRequest: RenewRequest?
    /// The wish in the record is new: waits that earlier failures caused don't hold it.
    var hasFreshRequest = false
    var retryAt: Duration?
    var possibleOrderUntil: Duration?
    /// Until then only the broker of the unanswered order is asked.
    var sameBrokerUntil: Duration?
    var budgetUntil: Duration?
    /// How many times in a row an attempt failed in the same way.
    var repeats = 0
    /// The last outcome was `unchanged`.
    var isUnchanged = false

    var reload = ReloadCourse()
    var served = ServedCourse()
    var renewals = ResultCounts()
    var reloads = ResultCounts()
    var history = CertificateHistory()
    var clampReportedFor: RenewalWindow?
    /// Counted among those that are due by their age alone.
    var isAged = false
    /// Its entry in the status is older than its state.
    var isDirty = false

    init(wanted: ManagedCertificate, record: CertificateRecord?, at now: Moment) {
        self.wanted = wanted
        self.record = record ?? CertificateRecord()
        isRecorded = record != nil
        nextLookAt = now.boottime
        self.record.place = wanted.outputs.place
        layReloadAside()
        takeReloadUp(at: now)
    }

    var name: CertificateName { wanted.name }
    var isLooking: Bool { looksUnderWay > 0 }
    var isRebuilding: Bool { rebuilding != nil }
    private var isBusy: Bool { attempt != nil || reload.isRunning || isRebuilding }

    /// What was found, as far as something may be begun because of it.
    var believed: FoundCertificate? { isFoundForEarlierWish ? nil : found }

    /// Whether something is under way that ends before the certificate may go: an attempt or a rebuild, or the reload after it.
    func isWindingUp(at now: Moment) -> Bool { isBusy || mayReload(at: now.boottime) }

    func reason(at now: Date) -> RenewalReason? {
        // As a pattern: a comparison copies what was found.
        guard case .some = found else { return nil }
        return RenewalPolicy.reason(
            defect: defect, isRequested: record.request != nil, dueAt: dueAt, at: now)
    }

    /// Whether it would be due without anybody's wish.
    func isDueByItself(at now: Date) -> Bool {
        RenewalPolicy.reason(defect: defect, isRequested: false, dueAt: dueAt, at: now) != nil
    }

    func life(at now: Date) -> Life {
        Life(of: found?.installed, or: record.lifetime, at: now)
    }

    /// How much of the certificate's life is left; 0 when there is none to serve from.
    func lifeLeft(at now: Date) -> Double { found?.installed?.lifeLeft(at: now) ?? 0 }

    /// Takes what a look gave, or what an attempt put there.
    mutating func take(_ found: FoundCertificate, identity: String) {
        isFoundForEarlierWish = false
        judge(found, identity: identity)
    }

    /// Its files have been changed by somebody else: nothing is begun before they have been looked at.
    mutating func doubt(at now: Duration) {
        isFoundForEarlierWish = found != nil
        nextLookAt = now
        mustLookAgain = isLooking
    }

    /// Holds `found` against what is wanted.
    mutating func judge(_ found: FoundCertificate, identity: String) {
        self.found = found
        defect = RenewalPolicy.defect(of: found, wanted: wanted)
        guard let installed = found.installed else {
            window = nil
            dueAt = nil
            return
        }
        let window = RenewalWindow(lifetime: installed.lifetime, renewBefore: wanted.renewBefore)
        self.window = window
        record.lifetime = installed.lifetime
        dueAt = window.dueAt(
            notAfter: installed.notAfter, lifetime: installed.lifetime, identity: identity, name: name)
    }

    /// Puts a new wish of the configuration in place; nothing that was found is believed until the next look. What is
    /// known of files that stay where they are is still shown: a new reload command takes no certificate away.
    mutating func want(_ wanted: ManagedCertificate, identity: String, at now: Moment) {
        let before = self.wanted
        self.wanted = wanted
        record.place = wanted.outputs.place
        if let found, let kept = found.kept(of: before.outputs, for: wanted.outputs) {
            isFoundForEarlierWish = true
            judge(kept, identity: identity)
        } else {
            isFoundForEarlierWish = false
            found = nil
            defect = nil
            window = nil
            dueAt = nil
        }
        isUnchanged = false
        if attempt == nil, wanted.outputs != before.outputs {
            // That was the attempt of the one whose files it had taken on.
            record.attemptUnderWaySince = nil
            record.attemptUnderWayAt = nil
        }
        if wanted.reload == nil { layReloadAside() } else { takeReloadUp(at: now) }
        if wanted.verify == before.verify { served.nextLookAt = nil } else { served.turnElsewhere() }
        mustLookAgain = isLooking
        nextLookAt = now.boottime
        if !wanted.isOrderedAndInstalled(like: before) {
            // What was changed may be why it failed.
            retryAt = nil
            record.nextAttemptAt = nil
        }
        if !wanted.isOrdered(like: before) { forgetUnansweredOrder() }
    }

    var budget: OrderBudget { OrderBudget(lifetime: record.lifetime, window: window) }

    /// Reads the waits of the record back into the boottime clock. None can be longer than it was when it was written,
    /// nor than any wait can be: the wall clock may be wrong now, or have been wrong then. What has run since the start
    /// has waits that were not stored by another process, and keeps them.
    ///
    /// `least` is the earliest that it can be: who may be busy with an order is not asked too early by any clock.
    mutating func restoreWaits(at now: Moment, least: Moment, _ settings: LifecycleSettings) {
        let longest = RetrySchedule.longestRetryAfter
        let deadline = { (date: Date?, written: Date?, now: Moment) -> Duration? in
            guard let date, date > now.wall else { return nil }
            let left = min(date.timeIntervalSince(now.wall), date.timeIntervalSince(written ?? now.wall))
            return now.boottime + .seconds(min(max(left, 0), longest.seconds))
        }
        if !hasAttempted {
            // A success leaves no error behind. The later of both would be of no use: the clock may have been set
            // between.
            retryAt = deadline(record.nextAttemptAt, record.lastError?.at ?? record.lastSuccessAt, now)
            // For a possible order the later one counts all the same: the wait is short, and another order may be one too
            // many.
            let last = now.boottime + settings.orderDeadline + settings.possibleOrderDelay
            let possible = deadline(record.possibleOrderUntil, record.orders.lastOrderAt, least)
            possibleOrderUntil = [possibleOrderUntil, possible.map { min($0, last) }].compactMap(\.self).max()
            if let order = record.unansweredOrder {
                sameBrokerUntil = deadline(order.since + settings.sameBrokerSpan.seconds, order.since, now)
            }
        }
        let writtenAt = record.reload.map { $0.lastError?.at ?? $0.since }
        if let since = record.reload?.since { record.reload?.since = min(since, now.wall) }
        guard let debt = record.reload, !reload.hasRun else { return }
        if let failed = debt.failedCommand, failed != wanted.reload.map({ StableHash.number(of: $0.command) })
        {
            turnToOtherReload(isOtherCommand: true, at: now)
            return
        }
        reload.retryAt = deadline(debt.nextAttemptAt, writtenAt, now) ?? now.boottime
    }
}

extension CertificateLifecycle {
    /// The process ended in the middle of an attempt: its order may have been placed, and may still be under way. When
    /// it ended nobody knows; but not later than now, and nothing was sent later than an attempt lasts.
    mutating func noteCutOffAttempt(
        begun: Date, at now: Moment, least: Moment, _ settings: LifecycleSettings
    ) {
        record.attemptUnderWaySince = nil
        record.orders.note(at: min(begun, now.wall))
        if let broker = record.attemptUnderWayAt, !isWithinTime(ofOrderAt: broker, begun, settings) {
            noteUnanswered(
                at: broker, since: Moment(wall: begun, boottime: least.boottime(of: min(begun, least.wall))),
                settings)
        }
        record.attemptUnderWayAt = nil
        let until = { (now: Moment) -> Date in
            min(begun + settings.orderDeadline.seconds, now.wall) + settings.possibleOrderDelay.seconds
        }
        // Also when it seems to be over: the clock may be wrong, and the record is read again when it no longer is.
        record.possibleOrderUntil = until(now)
        let possible = least.boottime(of: until(least))
        if possible > now.boottime { possibleOrderUntil = possible }
    }
}

extension CertificateLifecycle {
    /// Whether it repeats an order that was lost at the same broker. Told by what was stored: that its time is over by
    /// now says nothing of then.
    private func isWithinTime(
        ofOrderAt broker: BrokerAddress, _ begun: Date, _ settings: LifecycleSettings
    ) -> Bool {
        guard let order = record.unansweredOrder, order.broker == broker else { return false }
        return order.since <= begun && begun < order.since + settings.sameBrokerSpan.seconds
    }

    /// The broker that may have granted an order unheard, and for so long is the only one to be asked.
    func boundBroker(at now: Duration) -> BrokerAddress? {
        guard let order = record.unansweredOrder, let sameBrokerUntil, sameBrokerUntil > now else {
            return nil
        }
        return order.broker
    }

    /// Notes an order whose answer was lost. Asking the same broker again within its time doesn't make that longer.
    mutating func noteUnanswered(at broker: BrokerAddress, since: Moment, _ settings: LifecycleSettings) {
        if record.unansweredOrder?.broker == broker, let sameBrokerUntil, sameBrokerUntil > since.boottime {
            return
        }
        record.unansweredOrder = UnansweredOrder(broker: broker, since: since.wall)
        sameBrokerUntil = since.boottime + settings.sameBrokerSpan
    }

    mutating func forgetUnansweredOrder() {
        record.unansweredOrder = nil
        sameBrokerUntil = nil
    }
}
