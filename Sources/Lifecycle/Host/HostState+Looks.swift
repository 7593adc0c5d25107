import FoundationEssentials

extension HostState {
    mutating func looked(_ name: CertificateName, _ found: FoundCertificate, at now: Moment) {
        guard let index = indexes[name], certificates[index].isLooking else { return }
        certificates[index].looksUnderWay -= 1
        // An earlier look may have been at files that the configuration no longer names.
        if certificates[index].isLooking { return }
        if certificates[index].unansweredSince.take() != nil { emit(.report(.filesAnswered(name))) }
        if certificates[index].attempt != nil { return markDirty(index) }
        let before = certificates[index].believed?.installed?.serial
        let wasWhole = certificates[index].defect == nil
        take(found, index)
        let isLate = found.installed.map { certificates[index].isLateInstall($0.serial) } ?? false
        settleLateInstall(index, at: now)
        if wasWhole && certificates[index].defect != nil { stopWaitingUnchanged(index) }
        noteServed(index, before: before, isLate: isLate, at: now)
        refreshBudget(index, at: now)
        certificates[index].nextLookAt = nextLook(index, at: now.boottime)

        // Outputs that undo each other would be rebuilt without end: the look that follows a rebuild only looks.
        let mayRebuild = !certificates[index].wasJustRebuilt
        if found.rebuildable.isEmpty { certificates[index].rebuildFailure = nil }
        certificates[index].wasJustRebuilt = false
        if certificates[index].defect == nil, !found.rebuildable.isEmpty, mayRebuild,
            occupant(of: index) == nil
        {
            certificates[index].rebuilding = certificates[index].wanted.outputs
            oweReloadOfRebuild(index, at: now)
            waitingRebuilds.append(.rebuild(certificates[index].wanted, found.rebuildable))
        }
        if let installed = found.installed, certificates[index].reason(at: now.wall) == nil {
            emit(.report(.notDue(name, notAfter: installed.notAfter)))
        }
        evaluate(index, at: now)
    }

    /// Nothing is begun for it before the look has ended: that would hang as well.
    mutating func lookUnanswered(_ name: CertificateName, at now: Moment) {
        guard let index = indexes[name], certificates[index].isLooking,
            certificates[index].unansweredSince == nil
        else { return }
        certificates[index].unansweredSince = now.wall
        emit(.report(.filesUnanswered(name, path: certificates[index].wanted.outputs.cert)))
        evaluate(index, at: now)
    }

    /// The slow pace after an `unchanged` was for a certificate that was in order; this one has to be replaced.
    private mutating func stopWaitingUnchanged(_ index: Int) {
        guard certificates[index].isUnchanged else { return }
        certificates[index].isUnchanged = false
        certificates[index].retryAt = nil
        certificates[index].record.nextAttemptAt = nil
    }

    /// Puts what was found, or what was just installed, in place.
    mutating func take(_ found: FoundCertificate, _ index: Int) {
        certificates[index].take(found, identity: settings.identityName)
        if let window = certificates[index].window, window.isClamped,
            certificates[index].clampReportedFor != window
        {
            certificates[index].clampReportedFor = window
            emit(
                .report(
                    .windowClamped(
                        certificates[index].name, configured: window.configured, effective: window.effective))
            )
        }
    }

    /// No more at once than renewals: one that waits for a thread could not be told from one that hangs.
    mutating func startRebuilds(at now: Moment) {
        while runningRebuilds < settings.concurrency, let next = waitingRebuilds.popFirst() {
            guard case .rebuild(let wanted, _) = next, let index = indexes[wanted.name] else { continue }
            runningRebuilds += 1
            watchFiles(index, for: settings.rebuildPatience, at: now)
            emit(next)
            evaluate(index, at: now)
        }
    }

    mutating func rebuilt(_ name: CertificateName, _ failure: RenewalFailure?, at now: Moment) {
        guard let index = indexes[name], let outputs = certificates[index].rebuilding else { return }
        let heir = successor(of: index, to: outputs)
        filesAnswered(index)
        runningRebuilds -= 1
        certificates[index].rebuilding = nil
        certificates[index].rebuildFailure = failure
        let owedBefore = !certificates[index].owesForRebuild
        certificates[index].owesForRebuild = false
        if let failure {
            if failure.failureClass == .installOpen {
                // It may be finished yet, and only then the service is told.
                certificates[index].owesForRebuild = !owedBefore
            } else if !owedBefore, certificates[index].reload.renewals.isEmpty,
                failure.failureClass != .installStuck
            {
                certificates[index].record.reload = nil
                certificates[index].reload.retryAt = nil
                persist(index)
            }
            emit(.report(.rebuildFailed(name, failure)))
        } else {
            let rebuilt = certificates[index].found?.rebuildable ?? []
            emit(.report(.rebuilt(name, Output.allCases.filter(rebuilt.contains))))
            certificates[index].wasJustRebuilt = true
            certificates[index].nextLookAt = now.boottime
            for told in [index, heir].compactMap(\.self) where certificates[told].wanted.reload != nil {
                oweReload(told, gather: true, at: now)
                persist(told)
            }
        }
        releaseOccupied(at: now)
        evaluate(index, at: now)
        dismissDeparted(at: now)
    }

    /// Before anything is changed: the certificate stays the one that the service has read, so that after the death of this
    /// process nothing but the record would tell that its files are others.
    private mutating func oweReloadOfRebuild(_ index: Int, at now: Moment) {
        guard certificates[index].wanted.reload != nil, certificates[index].record.reload == nil else {
            return
        }
        oweReload(index, gather: true, at: now)
        certificates[index].owesForRebuild = true
        persist(index)
    }

    /// Compares what is on disk with what the service last read. At the first look after a start a difference means
    /// that an install was not followed by its reload; later, that somebody else has replaced the files, and that their
    /// reload is his, unless it is what an attempt has left to be finished.
    private mutating func noteServed(_ index: Int, before: String?, isLate: Bool, at now: Moment) {
        let isFirstLook = !certificates[index].hasBeenLooked
        certificates[index].hasBeenLooked = true
        guard let serial = certificates[index].found?.installed?.serial,
            certificates[index].record.reload == nil, serial != certificates[index].record.reloadedSerial
        else { return }
        let isOwed = isLate || isFirstLook && certificates[index].isRecorded
        if isOwed && certificates[index].wanted.reload != nil {
            oweReload(index, gather: true, at: now)
            persist(index)
        } else if serial != before {
            certificates[index].record.reloadedSerial = serial
            if certificates[index].isRecorded { persist(index) }
        }
    }

    /// When to look next: often enough to notice a change well within a short life. Spread, so that the looks of a large
    /// host don't stay in step, but on a grid: those of many certificates are begun together.
    private mutating func nextLook(_ index: Int, at now: Duration) -> Duration {
        var interval = settings.checkInterval.seconds
        if let lifetime = certificates[index].found?.installed?.lifetime.seconds {
            interval = min(interval, max(lifetime / 20, 1))
        }
        let next = now.seconds + interval * Double.random(in: 0.92...1, using: &random)
        let grid = interval / 64
        return .seconds(max(grid * (next / grid).rounded(.down), now.seconds + interval * 0.9))
    }
}
