import Lifecycle

/// What is simulated: everything follows from these values, and the same values give the same course.
public struct SimulationPlan: Hashable, Sendable {
    /// Simulated for certificates of 90 days; shorter ones get as many lifetimes in less time.
    public var years: Double
    public var hosts: Int
    public var certificates: Int
    public var seed: UInt64
    /// The lifetimes of the certificates, one for each host in turn.
    public var lifetimes: [Duration] = [
        .seconds(90 * 86_400), .seconds(3600), .seconds(6 * 86_400), .seconds(86_400), .seconds(45 * 86_400),
    ]
    public var sabotage: Sabotage = []
    /// Inputs between two comparisons of the whole snapshot with the facts.
    public var auditInterval = 1024
    /// Nothing goes wrong.
    public var isCalm = false

    public init(years: Double, hosts: Int, certificates: Int, seed: UInt64) {
        self.years = years
        self.hosts = hosts
        self.certificates = certificates
        self.seed = seed
    }

    func lifetime(ofHost index: Int) -> Duration { lifetimes[index % lifetimes.count] }

    func horizon(ofHost index: Int) -> Duration {
        lifetime(ofHost: index) * (years * 365.25 / 90)
    }

    /// A generator of its own for each host.
    func random(forHost index: Int) -> SplitMix {
        var seeds = SplitMix(seed: seed)
        var own = seeds.next()
        for _ in 0..<index { own = seeds.next() }
        return SplitMix(seed: own)
    }
}
