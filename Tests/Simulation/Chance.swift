import Lifecycle

extension SplitMix {
    /// True once in `count` times.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    mutating func duration(_ shortest: Duration, _ longest: Duration) -> Duration {
        shortest + (longest - shortest) * Double.random(in: 0...1, using: &self)
    }

    /// A length of any order of magnitude between the two, each as likely.
    mutating func spell(_ shortest: Duration, _ longest: Duration) -> Duration {
        var doublings = 0
        while shortest * (2 << doublings) <= longest { doublings += 1 }
        let length = shortest * (1 << Int.random(in: 0...doublings, using: &self))
        return min(length * Double.random(in: 1...2, using: &self), max(longest, shortest))
    }
}
