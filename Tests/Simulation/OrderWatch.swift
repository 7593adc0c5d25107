import FoundationEssentials
import Lifecycle

/// Counts the orders of one certificate as the authority may have seen them, independent of what the agent noted.
struct OrderWatch {
    private static let week: Double = 7 * 86_400

    /// Over the budget, an order goes out this often.
    static func pace(lifetime: Duration, window: Duration) -> Duration {
        min(.seconds(34 * 3600), (lifetime - window) / 2)
    }

    /// By the host's own clock: the budget can't be better than that.
    private(set) var orders: [Date] = []
    /// All that the agent may count, by a clock that nobody sets.
    private var suspected: [Duration] = []
    /// Of the orders, those that the agent could not store because its disk couldn't be written.
    private var unstored: [Date] = []
    /// The budget held orders back until then.
    private(set) var heldUntil: Duration = .zero
    /// When the last possible order ended, and for which key it was.
    private(set) var possibleAt: Duration?
    private var isPossibleStored = false
    /// The last attempt that asked a broker had its answer: none is busy any more.
    private(set) var isAnswered = false
    /// The wall clock was set since: what is stored of the wait is wrong.
    private var isSkewed = false
    private var lastOrderAt: Duration?
    var unansweredKey: ServiceKey?
    /// It alone is asked for a while.
    private(set) var unanswered: LostOrder?
    /// The same as the agent has it on disk.
    private var storedUnanswered: LostOrder?

    /// An order whose answer was lost.
    struct LostOrder {
        var broker: Int
        var since: Duration
        /// The clock was set since, so that what is stored of it means another time now.
        var isSkewed = false
        /// The process has it from its disk, and reads it again when somebody has told the time.
        var isRestored = false
        /// The process doesn't know for certain how long ago that was: it has read that by a clock that was set.
        var isVague = false
    }

    /// The most orders in seven days for this lifetime and window.
    static func limit(lifetime: Duration, window: Duration) -> Int {
        max(5, 2 * Int((week / max((lifetime - window).seconds, 1)).rounded(.up)))
    }

    func count(at wall: Date) -> Int {
        // The agent counts by the hour.
        orders.reduce(0) { $1 > wall - Self.week + 3600 && $1 <= wall ? $0 + 1 : $0 }
    }

    /// Whether one more automatic order would be one too many.
    func isSpent(limit: Int, pace: Duration, at now: Moment) -> Bool {
        guard count(at: now.wall) >= limit, let last = orders.last, let lastOrderAt else { return false }
        // Whichever clock allows it: the wall clock may have been set since. An attempt that was cut off counts from its
        // beginning.
        return now.wall.timeIntervalSince(last) < pace.seconds - 600
            && now.boottime - lastOrderAt < pace - .seconds(600)
    }

    /// An attempt ended, or was cut off, of which nobody knows whether it placed an order.
    mutating func notePossible(at now: Duration, isStored: Bool) {
        possibleAt = now
        isAnswered = false
        isPossibleStored = isStored
        isSkewed = false
    }

    /// Within its span a further one at the same broker doesn't count anew. The clock was last set at `skewedAt`: an
    /// attempt that had begun before that is noted by the time of its beginning.
    mutating func noteUnanswered(broker: Int, since: Duration, span: Duration, skewedAt: Duration) {
        if let unanswered, unanswered.broker == broker, since < unanswered.since + span { return }
        // Whoever doesn't know how long ago the one before was may take this for its repetition.
        let isVague = unanswered.map { $0.isVague && $0.broker == broker } ?? false
        unanswered = LostOrder(
            broker: broker, since: since, isSkewed: since <= skewedAt || isVague, isVague: isVague)
    }

    /// The process died in an attempt that its record on disk tells of: the next one draws that from it.
    mutating func noteCutOff(broker: Int, since: Duration, span: Duration) {
        if let stored = storedUnanswered, stored.broker == broker, since < stored.since + span { return }
        // As for one that is noted while the process lives.
        let isVague = storedUnanswered.map { $0.isSkewed && $0.broker == broker } ?? false
        storedUnanswered = LostOrder(broker: broker, since: since, isSkewed: isVague)
    }

    mutating func noteAnswered() {
        isAnswered = true
        forgetUnanswered()
    }

    /// What is ordered from now on is something else.
    mutating func forgetUnanswered() {
        unanswered = nil
    }

    mutating func note(at now: Moment, limit: Int, pace: Duration, isStored: Bool) {
        orders.removeAll { $0 <= now.wall - Self.week || $0 > now.wall }
        orders.append(now.wall)
        lastOrderAt = now.boottime
        if !isStored { unstored.append(now.wall) }
        suspected.removeAll { $0 <= now.boottime - .seconds(Self.week + 3600) }
        suspected.append(now.boottime)
        if suspected.count >= limit { heldUntil = now.boottime + pace }
    }

    /// Another configuration may have another budget, which is spent by what was ordered under the last one.
    mutating func wasConfigured(at now: Moment, limit: Int, pace: Duration) {
        let recent = suspected.count { $0 > now.boottime - .seconds(Self.week + 3600) }
        guard recent >= limit, let lastOrderAt else { return }
        heldUntil = max(heldUntil, lastOrderAt + pace)
    }

    mutating func stored() {
        unstored = []
        isPossibleStored = true
        storedUnanswered = unanswered
    }

    /// The dates of orders are those of another clock than the one that counts now.
    mutating func timeWasCountedAnew() {
        orders = []
        unstored = []
    }

    /// The agent counts by the wall clock, and that has been set.
    mutating func clockWasSet() {
        timeWasCountedAnew()
        isSkewed = true
        unanswered?.isSkewed = true
        if unanswered?.isRestored == true { unanswered?.isVague = true }
        storedUnanswered?.isSkewed = true
    }

    /// What was never stored is forgotten.
    mutating func restarted() {
        isAnswered = false
        orders.removeAll { unstored.contains($0) }
        unstored = []
        if !isPossibleStored || isSkewed { possibleAt = nil }
        unanswered = storedUnanswered
        unanswered?.isRestored = true
        unanswered?.isVague = storedUnanswered?.isSkewed == true
    }
}
