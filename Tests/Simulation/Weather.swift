import Lifecycle

/// What is wrong in the world at one moment, each for a time and whatever else is wrong.
struct Weather {
    enum Trouble: Int, CaseIterable {
        /// Nobody can reach the broker: nothing is sent.
        case brokerAway
        /// The broker hears and never answers within the time limit.
        case brokerHangs
        /// The broker works; its answers don't arrive.
        case answersLost
        case rateLimited, badGateway, serverError, unavailable
        /// Of each four certificates one is refused by policy.
        case forbidden
        case slow
        case stepCAAway
        /// Nothing can be written: neither outputs nor state.
        case diskUnwritable
        case reloadsFail, reloadsHang
        case clockWrong
        /// The machine's identity is gone, until somebody enrolls it again.
        case identityLost
    }

    private var isOn = Array(repeating: false, count: Trouble.allCases.count)

    subscript(trouble: Trouble) -> Bool {
        get { isOn[trouble.rawValue] }
        set { isOn[trouble.rawValue] = newValue }
    }

    var troubles: [Trouble] { Trouble.allCases.filter { self[$0] } }

    /// Whether a well-behaved agent gets a certificate now, so far as its host and the broker are concerned.
    var lets: Bool {
        for trouble in Trouble.allCases
        where isOn[trouble.rawValue]
            && ![.stepCAAway, .reloadsFail, .reloadsHang, .forbidden].contains(trouble)
        {
            return false
        }
        return true
    }

    var letsReload: Bool {
        !self[.reloadsFail] && !self[.reloadsHang] && !self[.diskUnwritable] && !self[.clockWrong]
    }

    /// Until the next change of one kind of trouble, for certificates of this lifetime.
    func changes(_ trouble: Trouble, lifetime: Duration, random: inout SplitMix) -> Duration {
        if !self[trouble] { return random.spell(lifetime / 50, lifetime) }
        let longest = random.once(in: 12) ? lifetime * 3 / 5 : lifetime / 8
        return random.spell(.seconds(2), longest)
    }
}
