import FoundationEssentials

/// How the reload of one certificate goes on; whether one is owed is in the record.
struct ReloadCourse: Sendable {
    var isRunning = false
    /// A run has begun since the start.
    var hasRun: Bool { startedAt > .zero }
    /// Of the newest run: when it began, its command, and the certificate that the service will read.
    var startedAt: Duration = .zero
    var command = ""
    var serial: String?
    /// No run before this, while one is owed.
    var retryAt: Duration?
    /// A run of a shared command waits for others until this.
    var gatherUntil: Duration?
    /// Installed again while a run was under way: that run may have read the old files.
    var isOwedAgain = false
    /// Renewals that end with the next run.
    var renewals: [RenewalID] = []
    /// Renewals whose run is under way.
    var renewalsInRun: [RenewalID] = []
}

// What is owed while there is no command.
extension CertificateLifecycle {
    /// Without a command nobody can be told, but who can be told later has to be.
    mutating func layReloadAside() {
        guard wanted.reload == nil, let debt = record.reload else { return }
        record.dormantReloadSince = record.dormantReloadSince ?? debt.since
        record.reload = nil
    }

    /// A service that had these files before still has to be told.
    mutating func owe(since: Date, at now: Moment) {
        if record.reload != nil {
            // That is for its own files: neither the run under way nor a rebuild that fails makes up for this.
            reload.isOwedAgain = reload.isRunning
            owesForRebuild = false
            return
        }
        record.dormantReloadSince = min(record.dormantReloadSince ?? since, since)
        takeReloadUp(at: now)
    }

    mutating func takeReloadUp(at now: Moment) {
        guard wanted.reload != nil, let since = record.dormantReloadSince.take(), record.reload == nil else {
            return
        }
        record.reload = ReloadDebt(since: since)
        reload.retryAt = now.boottime
        // The run under way is that of another command, or began without anybody waiting for it.
        reload.isOwedAgain = reload.isRunning
    }
}
