import FoundationEssentials
import Testing

@testable import Broker

@Suite struct `Hourly limits` {
    @Test func `the twenty-first call for a profile waits until the first has left the hour`() {
        var limits = HourlyLimits.standard
        for second in 0..<20 {
            #expect(limits.admit(identity: "a", profile: "p", at: .seconds(second)) == nil)
        }
        #expect(limits.admit(identity: "a", profile: "p", at: .seconds(100)) == .seconds(3500))
        #expect(limits.admit(identity: "a", profile: "q", at: .seconds(100)) == nil)
        #expect(limits.admit(identity: "b", profile: "p", at: .seconds(100)) == nil)
        #expect(limits.admit(identity: "a", profile: "p", at: .seconds(3600)) == nil)
        #expect(limits.admit(identity: "a", profile: "p", at: .seconds(3600)) == .seconds(1))
    }

    @Test func `refused calls are not counted`() {
        var limits = HourlyLimits(perIdentity: 2, perProfile: 1)
        #expect(limits.admit(identity: "a", profile: "p", at: .zero) == nil)
        for _ in 0..<5 { #expect(limits.admit(identity: "a", profile: "p", at: .seconds(1)) != nil) }
        #expect(limits.admit(identity: "a", profile: "q", at: .seconds(2)) == nil)
        #expect(limits.admit(identity: "a", profile: "r", at: .seconds(3)) == .seconds(3597))
    }

    @Test func `a limit of none and a limit of zero are different`() {
        var none = HourlyLimits.off
        var zero = HourlyLimits(perIdentity: 0, perProfile: nil)
        #expect(none.admit(identity: "a", profile: "p", at: .zero) == nil)
        #expect(zero.admit(identity: "a", profile: "p", at: .zero) == .seconds(3600))
    }
}

@Suite struct `The cache of bundles` {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)

    static func bundle(days: Double) -> IssuedBundle {
        IssuedBundle(
            certificatePEM: "leaf", chainPEM: "chain", serialHex: "1f", notBefore: start,
            notAfter: start + days * 86_400 - 1)
    }

    static func key(_ spki: String = "k", profileHash: String = "h") -> CacheKey {
        CacheKey(identity: "a", profile: "p", profileHash: profileHash, spkiSHA256: spki, issuer: "local")
    }

    @Test(arguments: [
        // lifetime, days passed, is a hit
        (90.0, 59.9, true), (90, 60.1, false),
        // 30 days would be 2/3 of it: the window is a third.
        (45, 29.9, true), (45, 30.1, false),
        // Ten days or less: half.
        (6, 2.9, true), (6, 3.1, false),
        // More than 90: what the profile says.
        (200, 169.9, true), (200, 170.1, false),
    ])
    func `a bundle is handed out until it is due by the clamped window`(
        days: Double, passed: Double, isHit: Bool
    ) {
        var cache = BundleCache()
        cache.keep(Self.bundle(days: days), for: Self.key(), at: Self.start)
        let found = cache.bundle(
            for: Self.key(), renewBefore: .seconds(30 * 86_400), at: Self.start + passed * 86_400)
        #expect((found != nil) == isHit)
    }

    @Test func `another key or a changed profile is another order`() {
        var cache = BundleCache()
        cache.keep(Self.bundle(days: 90), for: Self.key(), at: Self.start)
        let month = Duration.seconds(30 * 86_400)
        #expect(cache.bundle(for: Self.key("other"), renewBefore: month, at: Self.start) == nil)
        #expect(cache.bundle(for: Self.key(profileHash: "x"), renewBefore: month, at: Self.start) == nil)
        #expect(cache.bundle(for: Self.key(), renewBefore: month, at: Self.start) != nil)
    }
}

@Suite struct `The order book` {
    typealias Book = OrderBook<String>

    let now = `The cache of bundles`.start
    let key = `The cache of bundles`.key()

    func place(_ waiter: String, in book: inout Book) -> String {
        switch book.place(key, renewBefore: .zero, waiter: waiter, elapsed: .zero, now: now) {
        case .rateLimited: "limited"
        case .hit: "hit"
        case .joined: "joined"
        case .begin: "begin"
        }
    }

    @Test func `identical concurrent orders are one and everyone gets its result`() {
        var book = Book(limits: .off)
        #expect(place("first", in: &book) == "begin")
        #expect(place("second", in: &book) == "joined")
        #expect(book.running == 1)
        #expect(book.finish(key, `The cache of bundles`.bundle(days: 90), now: now) == ["first", "second"])
        #expect(place("third", in: &book) == "hit")
        #expect(book.running == 0)
    }

    @Test func `a failed order is not kept`() {
        var book = Book(limits: .off)
        #expect(place("first", in: &book) == "begin")
        #expect(book.finish(key, nil, now: now) == ["first"])
        #expect(place("second", in: &book) == "begin")
    }

    @Test func `hits count towards the limits`() {
        var book = Book(limits: HourlyLimits(perIdentity: 2, perProfile: 2))
        _ = place("first", in: &book)
        _ = book.finish(key, `The cache of bundles`.bundle(days: 90), now: now)
        #expect(place("second", in: &book) == "hit")
        #expect(place("third", in: &book) == "limited")
    }
}
