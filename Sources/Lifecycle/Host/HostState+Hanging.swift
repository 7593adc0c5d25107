/// What is begun with the files of a certificate and doesn't end: in a file system that is frozen, or whose store has no room
/// left, reading works and every change hangs. It holds up no other certificate, and is told of.
extension HostState {
    /// How many threads there is work for: each that hangs keeps one.
    public struct Places: Sendable {
        public var renewals: Int
        public var rebuilds: Int
    }

    public var places: Places {
        Places(
            renewals: settings.concurrency + hangingRenewals, rebuilds: settings.concurrency + hangingRebuilds
        )
    }

    /// Renewals and rebuilds that hang: whoever waits for the end of all work waits for the others only.
    public var hangingWork: Int { hangingRenewals + hangingRebuilds }

    /// Something begins that reads or changes the files, and is over by then unless it hangs.
    mutating func watchFiles(_ index: Int, for patience: Duration, at now: Moment) {
        certificates[index].filesWatch = FilesWatch(patience, at: now.boottime)
    }

    /// It has ended, or goes on elsewhere.
    mutating func filesAnswered(_ index: Int) {
        certificates[index].filesWatch = nil
        if certificates[index].attempt?.isLeftBehind == true {
            certificates[index].attempt?.isLeftBehind = false
            hangingRenewals -= 1
            runningAttempts += 1
        } else if certificates[index].isRebuildLeftBehind {
            certificates[index].isRebuildLeftBehind = false
            hangingRebuilds -= 1
            runningRebuilds += 1
        } else {
            return
        }
        certificates[index].unansweredSince = nil
        emit(.report(.filesAnswered(certificates[index].name)))
    }

    /// Each is a thread. A host on which more hangs has no use for what could still be renewed.
    private static var mostLeft: Int { 256 }

    /// What has taken so long no longer holds a place among the renewals: as many as there are places would end all.
    mutating func leaveBehind(_ index: Int, at now: Moment) {
        guard certificates[index].filesWatch?.hasEnded(at: now.boottime) == true else { return }
        certificates[index].filesWatch = nil
        if hangingWork >= Self.mostLeft { return }
        if let attempt = certificates[index].attempt {
            // It has asked nobody yet, and nobody else may ask while it is the probe.
            if attempt.isProbe && !attempt.hasBundle {
                brokers[attempt.plan.broker]?.gate.abandonProbe()
                certificates[index].attempt?.isProbe = false
            }
            certificates[index].attempt?.isLeftBehind = true
            runningAttempts -= 1
            hangingRenewals += 1
        } else {
            certificates[index].isRebuildLeftBehind = true
            runningRebuilds -= 1
            hangingRebuilds += 1
        }
        certificates[index].unansweredSince = now.wall
        emit(
            .report(.filesUnanswered(certificates[index].name, path: certificates[index].wanted.outputs.cert))
        )
    }
}
