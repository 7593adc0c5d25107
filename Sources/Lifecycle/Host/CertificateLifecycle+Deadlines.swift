import FoundationEssentials

extension CertificateLifecycle {
    /// The earliest moment that the waits of this certificate itself allow an attempt.
    var startableAt: Duration {
        var earliest = possibleOrderUntil ?? .zero
        if !hasFreshRequest { earliest = max(earliest, retryAt ?? .zero) }
        if record.request?.overBudget != true { earliest = max(earliest, budgetUntil ?? .zero) }
        return earliest
    }

    /// How long the budget still refuses this wish; `nil` when it doesn't.
    func budgetWait(for request: RenewRequest, at now: Duration) -> Duration? {
        guard !request.overBudget, record.request?.overBudget != true, let budgetUntil, budgetUntil > now
        else {
            return nil
        }
        return budgetUntil - now
    }

    /// Whether an attempt may start, as far as this certificate is concerned.
    func mayStart(at now: Moment) -> Bool {
        attempt == nil && !isDeparting && !isLooking && !isRebuilding && startableAt <= now.boottime
            && !isFoundForEarlierWish && reason(at: now.wall) != nil
    }

    var wantsLook: Bool {
        (!isLooking || mustLookAgain) && !isRebuilding && attempt == nil && !isDeparting
    }

    /// Whether a run of the reload command may start, as far as this certificate is concerned. Not before the first
    /// look: the command is told what is installed. Nor during a rebuild: it would read the files of before. Nor while what
    /// is there can't be served.
    func mayReload(at now: Duration) -> Bool {
        record.reload != nil && wanted.reload != nil && believed != nil && !reload.isRunning && !isRebuilding
            && !isUnservable && !isRebuildOpen && (reload.retryAt ?? .zero) <= now
    }

    /// There is no pair of a certificate and its key: a service that is told to read them fails, and one that would have
    /// gone on with what it had read before may end.
    private var isUnservable: Bool {
        switch defect {
        case .missing, .unreadable, .keyMissing, .keyMismatch: true
        case .namesChanged, .keyTypeChanged, .incomplete, .requested, .expiring, nil: false
        }
    }

    /// The reload is owed for a rebuild whose install is open: the old files are nothing to tell anybody of.
    private var isRebuildOpen: Bool { owesForRebuild && rebuildFailure?.failureClass == .installOpen }

    /// The reload that is owed waits for files that can be served.
    var isReloadBarred: Bool {
        record.reload != nil && wanted.reload != nil && believed != nil && isUnservable && !reload.isRunning
    }

    /// When the reload that is owed is tried next, by the wall clock as it goes now: it may have been set since.
    func nextReloadAt(at now: Moment) -> Date? {
        record.reload == nil ? nil : reload.retryAt.map(now.wall(of:))
    }

    /// When this certificate next needs attention without anything happening from outside.
    func nextDeadline(at now: Moment) -> Duration? {
        var next = Earliest(after: now)
        if wantsLook { next.consider(nextLookAt) }
        if let filesWatch { next.consider(filesWatch.nextAt) }
        if let installed = found?.installed { next.consider(installed.notAfter) }
        if let dueAt { next.consider(dueAt) }
        if attempt == nil && reason(at: now.wall) != nil {
            next.consider(startableAt)
            if let sameBrokerUntil { next.consider(sameBrokerUntil) }
        }
        if wantsServedLook, let nextLookAt = served.nextLookAt { next.consider(nextLookAt) }
        if record.reload != nil, !reload.isRunning, !isReloadBarred, !isRebuildOpen {
            if let retryAt = reload.retryAt { next.consider(retryAt) }
            if let gatherUntil = reload.gatherUntil { next.consider(gatherUntil) }
        }
        return next.deadline
    }
}

// What the host asks after every change. Asked at once and in place: a lifecycle is large, and each question by itself copies
// it.
extension CertificateLifecycle {
    struct Standing {
        var beginsLook = false
        var wasAged: Bool
        var isAged: Bool
        var mayStart: Bool
    }

    /// Begins a look if its time has come.
    mutating func takeStanding(at now: Moment) -> Standing {
        var standing = Standing(wasAged: isAged, isAged: reason(at: now.wall) == .expiring, mayStart: false)
        isAged = standing.isAged
        if wantsLook && nextLookAt <= now.boottime {
            looksUnderWay += 1
            mustLookAgain = false
            standing.beginsLook = true
        }
        standing.mayStart = mayStart(at: now)
        return standing
    }

    mutating func prospects(at now: Moment) -> (mayReload: Bool, deadline: Duration?) {
        (mayReload(at: now.boottime), nextDeadline(at: now))
    }
}
