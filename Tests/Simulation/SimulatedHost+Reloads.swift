import Lifecycle

/// A run of a reload command.
struct ReloadRun {
    var plan: ReloadPlan
    var hasStarted = false
    /// Until then its service may be reading its files.
    var readsUntil: Duration = .zero
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

    /// Starts what waits for the end of open sections, before sections that want to open later.
    mutating func openGate() {
        guard openSections == 0 || plan.sabotage.contains(.openGate) else { return }
        let waiting = reloadsAtGate
        reloadsAtGate = []
        waiting.forEach { runReload($0) }
    }

    /// How long a section of these files has to wait at the gate: for starts that wait themselves, and for the service
    /// that is reading them.
    func waitAtGate(for certificate: ManagedCertificate) -> Duration? {
        if plan.sabotage.contains(.openGate) { return nil }
        if !reloadsAtGate.isEmpty { return .milliseconds(5) }
        let readsUntil = reloads.values.filter { $0.plan.command == certificate.reload?.command }
            .map(\.readsUntil).max()
        guard let readsUntil, readsUntil > now else { return nil }
        return readsUntil - now
    }

    private mutating func runReload(_ number: Int) {
        guard var run = reloads[number] else { return }
        if openSections > 0 { violate(.reloadInOpenSection, "\(openSections) sections are open") }
        report.reloads += 1
        run.hasStarted = true
        run.read = run.plan.names.compactMap { indexes[$0] }.map { ($0, slots[$0].files.leaf?.serial) }
        run.succeeds = !weather[.reloadsFail] && !weather[.reloadsHang]
        let takes =
            weather[.reloadsHang]
            ? run.plan.timeout + .seconds(5) : random.duration(.milliseconds(20), .seconds(1))
        run.readsUntil = now + min(takes, .seconds(2))
        reloads[number] = run
        put(.reloadEnds(number, process: process), in: takes)
    }

    mutating func endReload(_ number: Int) {
        guard let run = reloads.removeValue(forKey: number) else { return }
        if run.succeeds { serve(run) } else { report.failedReloads += 1 }
        let failure = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")
        let isForgotten = plan.sabotage.contains(.forgottenReload)
        tell(.reloadEnded(run.plan.names, run.succeeds || isForgotten ? .succeeded : .failed(failure)))
    }

    /// The services work with what they read.
    mutating func serve(_ run: ReloadRun) {
        for (index, serial) in run.read {
            slots[index].served = serial
            if serial == slots[index].files.leaf?.serial { slots[index].watch.unservedSince = nil }
        }
    }
}
