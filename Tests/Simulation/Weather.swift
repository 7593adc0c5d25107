import Lifecycle

/// What is wrong with a host, or with one of its brokers, at one moment, each for a time and whatever else is wrong.
struct Weather {
    enum Trouble: Int, CaseIterable {
        // Of a broker.

        /// Nobody can reach it: nothing is sent.
        case away
        /// It hears and never answers within the time limit.
        case hangs
        /// It works; its answers don't arrive.
        case answersLost
        case rateLimited, badGateway, serverError, unavailable
        case slow

        // Of the host and all that is around it.

        /// Of each four certificates one is refused by the brokers' policy.
        case forbidden
        case stepCAAway
        /// Nothing can be written: neither outputs nor state.
        case diskUnwritable
        case reloadsFail, reloadsHang
        case clockWrong
        /// The machine's identity is gone, until somebody enrolls it again.
        case identityLost

        var isOfBroker: Bool { rawValue <= Trouble.slow.rawValue }
    }

    private var isOn = Array(repeating: false, count: Trouble.allCases.count)

    subscript(trouble: Trouble) -> Bool {
        get { isOn[trouble.rawValue] }
        set { isOn[trouble.rawValue] = newValue }
    }

    var troubles: [Trouble] { Trouble.allCases.filter { self[$0] } }

    /// Whether a well-behaved agent gets a certificate now, so far as its host is concerned, or this broker.
    var lets: Bool {
        for trouble in Trouble.allCases
        where isOn[trouble.rawValue]
            && ![.stepCAAway, .reloadsFail, .reloadsHang, .forbidden, .clockWrong].contains(trouble)
        {
            return false
        }
        return true
    }

    /// Whether an agent loses nothing by asking this broker first: nothing is sent to it, or it says that it grants nothing.
    var isPassedOver: Bool { self[.away] || (self[.rateLimited] && !self[.hangs] && !self[.answersLost]) }

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
