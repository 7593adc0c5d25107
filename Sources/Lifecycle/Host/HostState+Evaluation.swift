import FoundationEssentials

extension HostState {
    /// Brings everything that follows from a certificate's state up to date: looks, queues, deadline, status. To be
    /// called after every change of it.
    mutating func evaluate(_ index: Int, at now: Moment) {
        leaveBehind(index, at: now)
        let standing = certificates[index].takeStanding(at: now)
        if standing.beginsLook { looksDue.append(certificates[index].name) }
        lookAtServed(index, at: now)
        if standing.isAged != standing.wasAged { agedCount += standing.isAged ? 1 : -1 }
        let mayStart =
            standing.mayStart && !(standing.isAged && clock.holdsAged) && occupant(of: index) == nil
        setQueued(index, mayStart, at: now)
        endBarredRenewals(index, at: now)
        let prospects = certificates[index].prospects(at: now)
        if prospects.mayReload, occupant(of: index) == nil {
            reloadQueue.insert(index)
        } else if !reloadQueue.isEmpty {
            reloadQueue.remove(index)
        }
        schedule.set(index, prospects.deadline)
        markDirty(index)
    }

    mutating func evaluateAll(at now: Moment) {
        for index in certificates.indices { evaluate(index, at: now) }
    }

    mutating func evaluateDue(at now: Moment) {
        // Each at most once for one input, whatever its next deadline.
        var due: [Int] = []
        while let index = schedule.popDue(at: now.boottime) { due.append(index) }
        for index in due { evaluate(index, at: now) }
    }

    /// Deadlines that follow from dates are wrong when somebody has set the wall clock.
    mutating func noticeClockStep(at now: Moment) {
        let offset = now.wall.timeIntervalSinceReferenceDate - now.boottime.seconds
        defer { clockOffset = offset }
        guard let clockOffset, abs(offset - clockOffset) > 1 else { return }
        emit(.report(.clockStepped(by: .seconds(offset - clockOffset))))
        for index in certificates.indices { refreshBudget(index, at: now) }
        evaluateAll(at: now)
    }

    mutating func setQueued(_ index: Int, _ isQueued: Bool, at now: Moment) {
        let wasQueued = queue.contains(index)
        if isQueued {
            queue.put(index, urgency(index, at: now))
        } else {
            queue.remove(index)
        }
        if isQueued != wasQueued { countRenewing(index, isQueued ? 1 : -1) }
    }

    /// Keeps count of who may soon want the same reload command.
    mutating func countRenewing(_ index: Int, _ change: Int) {
        guard let reload = certificates[index].wanted.reload, reload.isShareable else { return }
        renewingByCommand[reload.command, default: 0] += change
    }

    mutating func markDirty(_ index: Int) {
        if certificates[index].isDirty { return }
        certificates[index].isDirty = true
        dirty.append(index)
    }

    mutating func emit(_ action: Action) { actions.append(action) }

    /// Has the record of a certificate stored before the actions that follow.
    mutating func persist(_ index: Int) {
        certificates[index].isRecorded = true
        emit(.persist(certificates[index].name, certificates[index].record))
    }
}
