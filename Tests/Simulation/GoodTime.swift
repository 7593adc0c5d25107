/// Adds up how long something has been so, in stretches that are long enough to count: in a shorter one an agent that
/// waits between its tries, as it has to, may make none.
struct GoodTime {
    let shortest: Duration
    private var settled: Duration = .zero
    private var since: Duration?

    init(shortest: Duration) { self.shortest = shortest }

    func total(at now: Duration) -> Duration {
        guard let since, now - since >= shortest else { return settled }
        return settled + (now - since)
    }

    /// Where counting begins: the stretch under way counts from now on at the earliest.
    func mark(at now: Duration) -> Duration { settled + (since.map { now - $0 } ?? .zero) }

    mutating func set(_ isGood: Bool, at now: Duration) {
        if isGood {
            since = since ?? now
        } else {
            settled = total(at: now)
            since = nil
        }
    }
}
