/// Runs the hosts of a plan in turn.
public struct Simulation: Sendable {
    public let plan: SimulationPlan

    public init(_ plan: SimulationPlan) { self.plan = plan }

    /// All hosts, or those whose turn it is with `stride` processes; stops at the first violation, which comes with
    /// the trace of its host.
    public func run(
        from first: Int = 0, by stride: Int = 1, progress: (SimulationReport) -> Void = { _ in }
    ) throws -> SimulationReport {
        var report = SimulationReport()
        var index = first
        while index < plan.hosts {
            report.add(try runHost(index, traced: false))
            if report.violation != nil {
                report.trace = try runHost(index, traced: true).trace
                return report
            }
            progress(report)
            index += stride
        }
        return report
    }

    func runHost(_ index: Int, traced: Bool) throws -> HostReport {
        var host = SimulatedHost(try HostPlan(plan, host: index), traced: traced)
        return host.run()
    }

    /// A fleet whose hosts all got their certificates in the same second, and nothing goes wrong: how many of them ask
    /// for the first renewal of one certificate within a thousandth of the lifetime, at most.
    public static func herd(_ plan: SimulationPlan) throws -> Violation? {
        var plan = plan
        plan.isCalm = true
        plan.years = 90 / 365.25
        plan.lifetimes = [.seconds(6 * 86_400)]
        let reports = try (0..<plan.hosts).map { try Simulation(plan).runHost($0, traced: false) }
        if let violation = reports.compactMap(\.violation).first { return violation }
        for certificate in 0..<plan.certificates {
            let times = reports.compactMap { $0.firstRenewals[certificate] }.sorted()
            let slice = plan.lifetime(ofHost: 0) / 1000
            let most =
                times.map { start in times.filter { $0 >= start && $0 < start + slice }.count }.max() ?? 0
            if times.count < plan.hosts || most > plan.hosts / 2 {
                return Violation(
                    rule: .herd, detail: "\(most) of \(times.count) hosts within \(slice)", host: 0,
                    certificate: "c\(certificate)", at: times.first ?? .zero)
            }
        }
        return nil
    }
}

/// What came of a simulation.
public struct SimulationReport: Hashable, Sendable {
    public private(set) var hosts = 0
    public private(set) var inputs = 0
    public private(set) var actions = 0
    public private(set) var attempts = 0
    public private(set) var installs = 0
    public private(set) var orders = 0
    public private(set) var possibleOrders = 0
    public private(set) var reloads = 0
    public private(set) var failedReloads = 0
    public private(set) var starts = 0
    public private(set) var expired = 0
    public private(set) var audits = 0
    /// Of all hosts together.
    public private(set) var simulated: Duration = .zero
    public private(set) var violation: Violation?
    /// What led to the violation.
    public internal(set) var trace: [String] = []

    public init() {}

    mutating func add(_ host: HostReport) {
        hosts += 1
        inputs += host.inputs
        actions += host.actions
        attempts += host.attempts
        installs += host.installs
        orders += host.orders
        possibleOrders += host.possibleOrders
        reloads += host.reloads
        failedReloads += host.failedReloads
        starts += host.starts
        expired += host.expired
        audits += host.audits
        simulated += host.simulated
        violation = violation ?? host.violation
    }
}
