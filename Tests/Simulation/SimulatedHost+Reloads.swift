import Lifecycle

/// A run of a reload command.
struct ReloadRun {
    var plan: ReloadPlan
    var hasStarted = false
    /// What the service found when it read its files, by slot.
    var read: [(index: Int, serial: Int?)] = []
    var succeeds = false
}

extension SimulatedHost {
    mutating func startReload(_ reload: ReloadPlan) {
        if reloads.values.contains(where: { $0.plan.command == reload.command }) {
            violate(.twoReloads, reload.command)
        }
        reloadNumber += 1
        reloads[reloadNumber] = ReloadRun(plan: reload)
        reloadsAtGate.append(reloadNumber)
        openGate()
    }

    /// Lets in whose turn it is: a reload alone, before installs that came later.
    mutating func openGate() {
        let ignoresGate = plan.sabotage.contains(.openGate)
        while let number = reloadsAtGate.first, ignoresGate || (openSections == 0 && aloneUntil <= now) {
            reloadsAtGate.removeFirst()
            runReload(number)
        }
        if !reloadsAtGate.isEmpty, aloneUntil > now {
            events.put(.gateOpens(process: process), at: aloneUntil)
        }
    }

    private mutating func runReload(_ number: Int) {
        guard var run = reloads[number] else { return }
        if openSections > 0 { violate(.reloadInOpenSection, "\(openSections) sections are open") }
        report.reloads += 1
        run.hasStarted = true
        run.read = run.plan.names.compactMap { indexes[$0] }.map { ($0, slots[$0].files.leaf?.serial) }
        run.succeeds = !weather[.reloadsFail] && !weather[.reloadsHang]
        reloads[number] = run
        let takes =
            weather[.reloadsHang]
            ? run.plan.timeout + .seconds(5) : random.duration(.milliseconds(20), .seconds(1))
        aloneUntil = now + min(takes, .seconds(2))
        put(.reloadEnds(number, process: process), in: takes)
    }

    mutating func endReload(_ number: Int) {
        guard let run = reloads.removeValue(forKey: number) else { return }
        if run.succeeds { serve(run) } else { report.failedReloads += 1 }
        let failure = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")
        let isForgotten = plan.sabotage.contains(.forgottenReload)
        tell(.reloadEnded(run.plan.names, run.succeeds || isForgotten ? .succeeded : .failed(failure)))
        if isRunning { openGate() }
    }

    /// The services work with what they read.
    mutating func serve(_ run: ReloadRun) {
        for (index, serial) in run.read {
            slots[index].served = serial
            if serial == slots[index].files.leaf?.serial { slots[index].watch.unservedSince = nil }
        }
    }
}
