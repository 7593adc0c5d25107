import FoundationEssentials

/// Decides which time counts. A wrong wall clock would make everything look expired, or nothing; the broker knows the
/// time too, and is asked when there is a reason to doubt.
struct ClockWatch: Sendable {
    enum Trust: Hashable, Sendable {
        /// Nothing speaks against the wall clock, and nobody was asked since the start.
        case unchecked
        case believed
        /// It was set by more than the tolerance, or reads less than it must; nobody has told the time since.
        case doubted(since: Duration)
        /// It is off by more than the tolerance: the broker's time counts.
        case refuted
    }

    /// The furthest that the wall clock may be off, or set, without being doubted.
    static let tolerance: Duration = .seconds(600)
    /// No clock that is right reads less: when the newest release of this program was made. Moved with each release.
    static let earliest = Date(timeIntervalSince1970: 1_793_491_200)
    /// How long a broker's time counts before it is asked for again.
    static let renewal: Duration = .seconds(3600)

    private(set) var trust = Trust.unchecked
    /// Signed facts say that it is later than this. Nobody's word counts against them: whoever holds the key of a server
    /// certificate that has expired would else turn the clock back to where it is valid.
    private(set) var floor = Self.earliest
    /// The wall clock against the broker's time, positive when ahead.
    private(set) var skew: Duration?
    /// How the wall clock ran against boottime at the last input, in seconds.
    private var offset: Double?
    /// The same for the time that counts, while that is not the wall clock's.
    private var counted: Double?

    private(set) var isAsking = false
    private(set) var askAt: Duration?
    private var failedQuestions = 0

    /// For a driver that doesn't want the time asked at each start.
    mutating func trustUnchecked() { if trust == .unchecked { believe() } }

    /// The moment by the time that counts, as of the last input.
    func judged(_ raw: Moment) -> Moment {
        guard let counted else { return raw }
        return Moment(
            wall: Date(timeIntervalSinceReferenceDate: counted + raw.boottime.seconds), boottime: raw.boottime
        )
    }

    /// The same by the wall clock, if that reads less: a wait that this clock has stored, running slow, must not seem over
    /// because a newer record says that it is later.
    func leastJudged(_ now: Moment) -> Moment {
        guard let offset else { return now }
        let shown = Date(timeIntervalSinceReferenceDate: offset + now.boottime.seconds)
        return Moment(wall: min(now.wall, shown), boottime: now.boottime)
    }

    /// The moment by the time that counts. Notices when the wall clock was set.
    mutating func judge(_ raw: Moment) -> Moment {
        let now = Self.offset(of: raw)
        if let offset, abs(now - offset) > Self.tolerance.seconds {
            // Until somebody tells better, time goes on as if nobody had touched the clock.
            counted = counted ?? offset
            doubt(at: raw.boottime)
        }
        if let skew, let offset { self.skew = skew + .seconds(now - offset) }
        offset = now
        return judged(raw)
    }

    /// At the start: `newest` is the latest time that is known to have passed. A clock that reads less is wrong.
    mutating func begin(newest: Date, at raw: Moment) {
        guard trust == .unchecked, raw.wall < newest else { return }
        counted = newest.timeIntervalSinceReferenceDate - raw.boottime.seconds
        doubt(at: raw.boottime)
    }

    /// An authority that is trusted has signed that `date` has passed. Unlike a record, which this host's own clock may
    /// have dated, that binds a broker too.
    mutating func learn(passed date: Date, at raw: Moment) {
        floor = max(floor, date)
        guard trust == .unchecked, isBeforeFloor(raw.wall) else { return }
        counted = floor.timeIntervalSinceReferenceDate - raw.boottime.seconds
        doubt(at: raw.boottime)
    }

    /// A broker told its time.
    mutating func hear(_ time: ServerTime, at now: Duration, longest: Duration) {
        guard !isBeforeFloor(time.date) else { return heardUnproven(at: now, longest: longest) }
        guard let offset else { return }
        let told = time.date.timeIntervalSinceReferenceDate - time.readAt.seconds
        // It was so late at some moment of the exchange.
        let ahead = offset - told
        let certain = ahead > 0 ? max(ahead - time.uncertainty.seconds, 0) : ahead
        skew = .seconds(ahead - time.uncertainty.seconds / 2)
        isAsking = false
        failedQuestions = 0
        if abs(certain) > Self.tolerance.seconds {
            // What is counted already may be as good: it isn't set again for the parts of a second.
            let latest = told + time.uncertainty.seconds
            if trust != .refuted || !(counted.map { told <= $0 && $0 <= latest } ?? false) {
                counted = told + time.uncertainty.seconds / 2
            }
            trust = .refuted
            askAt = now + min(Self.renewal, longest)
        } else {
            believe()
        }
    }

    /// The answer to an order has a `Date` as well. Nobody has seen that the certificate behind it is valid at that time,
    /// so it can confirm the time that counts, and have it asked for, and no more.
    mutating func overhear(_ time: ServerTime, at now: Duration, longest: Duration) {
        guard let offset, !isBeforeFloor(time.date) else { return }
        let told = time.date.timeIntervalSinceReferenceDate - time.readAt.seconds
        let margin = Self.tolerance.seconds + time.uncertainty.seconds
        if abs(told - offset) <= margin || (trust == .refuted && abs(told - (counted ?? told)) <= margin) {
            hear(time, at: now, longest: longest)
        } else if !holdsAll {
            doubt(at: now)
        }
    }

    /// A broker whose certificate is valid by the wall clock answered, and didn't say how late it is: nobody else can be
    /// asked.
    mutating func heardNoDate(at now: Duration, longest: Duration) {
        guard trust != .refuted, let offset,
            !isBeforeFloor(Date(timeIntervalSinceReferenceDate: offset + now.seconds))
        else { return heardNothing(at: now, longest: longest) }
        believe()
    }

    /// A broker told a time at which it can't be believed. That is no reason to doubt a clock that nothing else speaks
    /// against: what is ordered now goes to a server whose certificate is valid by it, or to nobody.
    mutating func heardUnproven(at now: Duration, longest: Duration) {
        switch trust {
        case .unchecked: believe()
        case .believed: break
        case .doubted, .refuted: heardNothing(at: now, longest: longest)
        }
    }

    /// No broker answered. Asked again within a quarter of an hour a few times, then once an hour.
    mutating func heardNothing(at now: Duration, longest: Duration) {
        isAsking = false
        failedQuestions += 1
        let waits: [Duration] = [15, 30, 60, 120, 240, 435].map { .seconds($0) }
        var wait = failedQuestions <= waits.count ? waits[failedQuestions - 1] : .seconds(3600)
        // Nobody doubts the clock: this is only a broker that can't be reached.
        if trust == .unchecked { wait = min(wait, .seconds(300)) }
        if trust == .refuted { wait = Self.renewal }
        askAt = now + max(min(wait, longest), .seconds(1))
    }

    /// Whether the question is to be put now. `hasAged`: something is due by its age alone.
    mutating func asks(hasAged: Bool, at now: Duration) -> Bool {
        guard !isAsking, (askAt ?? .zero) <= now else { return false }
        switch trust {
        case .believed: return false
        case .unchecked: if !hasAged { return false }
        // Who told the time may have been wrong, or the clock set right so slowly that no step was seen.
        case .doubted, .refuted: break
        }
        isAsking = true
        askAt = nil
        return true
    }

    /// Nothing is ordered.
    var holdsAll: Bool { if case .doubted = trust { true } else { false } }
    /// What is due by its age alone is not ordered.
    var holdsAged: Bool { holdsAll || trust == .unchecked }
    /// The question was not put yet, or its first answer is on its way.
    var isFirstQuestionOpen: Bool { holdsAged && failedQuestions == 0 }

    /// The time that counts, at boottime zero; `nil` for the wall clock's.
    var countsFrom: Date? { counted.map { Date(timeIntervalSinceReferenceDate: $0) } }

    private mutating func doubt(at now: Duration) {
        trust = .doubted(since: now)
        isAsking = false
        failedQuestions = 0
        askAt = now
    }

    private mutating func believe() {
        trust = .believed
        counted = nil
        isAsking = false
        askAt = nil
    }

    private func isBeforeFloor(_ date: Date) -> Bool { date < floor - Self.tolerance.seconds }

    private static func offset(of moment: Moment) -> Double {
        moment.wall.timeIntervalSinceReferenceDate - moment.boottime.seconds
    }
}
