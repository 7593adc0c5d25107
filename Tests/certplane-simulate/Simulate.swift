import Glibc
import Simulation

/// `certplane-simulate [--years Y] [--hosts H] [--certificates C] [--seed S] [--part I/N] [--sabotage NAME]`
func simulate() -> Int32 {
    var plan = SimulationPlan(years: 1, hosts: 5, certificates: 50, seed: 1)
    var part = (first: 0, of: 1)
    var arguments = CommandLine.arguments.dropFirst()
    while let option = arguments.popFirst() {
        guard let value = arguments.popFirst() else { return usage(option) }
        switch (option, Double(value), Int(value)) {
        case ("--years", let years?, _): plan.years = years
        case ("--hosts", _, let count?): plan.hosts = count
        case ("--certificates", _, let count?): plan.certificates = count
        case ("--seed", _, _): plan.seed = UInt64(value) ?? 1
        case ("--part", _, _):
            let numbers = value.split(separator: "/").compactMap { Int($0) }
            guard numbers.count == 2 else { return usage(option) }
            part = (numbers[0], numbers[1])
        case ("--sabotage", _, _):
            guard let fault = Sabotage.all.first(where: { $0.name == value }) else { return usage(option) }
            plan.sabotage = fault.fault
        default: return usage(option)
        }
    }
    return run(plan, part)
}

private func usage(_ option: String) -> Int32 {
    print("Error: \(option) is not understood.")
    return 2
}

private func run(_ plan: SimulationPlan, _ part: (first: Int, of: Int)) -> Int32 {
    let clock = ContinuousClock()
    let start = clock.now
    do {
        let report = try Simulation(plan).run(from: part.first, by: part.of)
        let took = clock.now - start
        tell(report, took)
        if let violation = report.violation {
            report.trace.forEach { print($0) }
            print("FAILED with --seed \(plan.seed) --hosts \(plan.hosts): \(violation)")
            return 1
        }
        if part.first == 0, let herd = try Simulation.herd(fleet(plan)) {
            print("FAILED with --seed \(plan.seed): \(herd)")
            return 1
        }
        return 0
    } catch {
        print("Error: \(error)")
        return 2
    }
}

private func fleet(_ plan: SimulationPlan) -> SimulationPlan {
    var plan = plan
    plan.hosts = max(plan.hosts, 20)
    plan.certificates = min(plan.certificates, 10)
    return plan
}

private func tell(_ report: SimulationReport, _ took: Duration) {
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
    let days = report.simulated.components.seconds / 86_400
    print(
        """
        \(report.hosts) hosts, \(days) days: \(report.inputs) inputs, \(report.attempts) attempts, \
        \(report.installs) installs, \(report.orders) orders (\(report.possibleOrders) of them unanswered), \
        \(report.reloads) reloads (\(report.failedReloads) failed), \(report.starts) starts, \
        \(report.expired) excusable expirations, \(report.audits) audits
        \(Int(Double(report.inputs) / max(seconds, 1e-9))) inputs/s
        """)
}
