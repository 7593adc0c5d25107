import Lifecycle

/// One broker and the authority behind it: grants everything, keeps what it has issued by key and names, and gives it
/// again until it is inside the clamped window of the profile.
struct SimulatedBroker {
    private struct CacheKey: Hashable {
        var key: ServiceKey
        var names: DNSNameSet
    }

    private var cache: [CacheKey: Leaf] = [:]
    private var serial: Int
    let address: BrokerAddress
    var weather = Weather()
    /// How long what it issues lives.
    var lifetime: Duration

    static let most = 3

    init(number: Int, lifetime: Duration) {
        address = BrokerAddress("https://b\(number + 1).example.test")
        // No two brokers give the same one.
        serial = number
        self.lifetime = lifetime
    }

    /// How long before its end a cached certificate is not given again.
    var window: Duration {
        min(.seconds(720 * 3600), lifetime <= .seconds(864_000) ? lifetime / 2 : lifetime / 3)
    }

    mutating func issue(key: ServiceKey, names: DNSNameSet, at now: Duration) -> Leaf {
        serial += Self.most
        let notBefore: Duration = .seconds(now.components.seconds)
        return Leaf(
            serial: serial, key: key, names: names, notBefore: notBefore,
            notAfter: notBefore + lifetime - .seconds(1))
    }

    /// `isKept`: it enters the cache, as it does unless the client hangs up.
    mutating func order(
        key: ServiceKey, names: DNSNameSet, isKept: Bool, at now: Duration
    ) -> (leaf: Leaf, isCached: Bool) {
        let cacheKey = CacheKey(key: key, names: names)
        if let known = cache[cacheKey] {
            if known.notAfter - now > window { return (known, true) }
            cache[cacheKey] = nil
        }
        let leaf = issue(key: key, names: names, at: now)
        if isKept { cache[cacheKey] = leaf }
        return (leaf, false)
    }

    /// Forgets what nobody can ask for any more.
    mutating func sweep(at now: Duration) {
        if cache.count > 4096 { cache = cache.filter { $0.value.notAfter > now } }
    }
}
