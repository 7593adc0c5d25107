/// Whether orders may go to one broker. A cause that all certificates share closes it once for the whole host; then
/// one probe at a time is made until the broker answers.
struct BrokerGate: Sendable {
    enum Cause: Sendable { case unreachable, rateLimited }

    struct Closure: Sendable {
        var cause: Cause
        /// Probes that failed in a row.
        var strikes: Int
        var probeAt: Duration
        var isProbing = false
    }

    enum Allowance { case any, oneProbe, none }

    private(set) var closure: Closure?

    var isClosed: Bool { closure != nil }
    var isProbing: Bool { closure?.isProbing ?? false }

    func allowance(at now: Duration) -> Allowance {
        guard let closure else { return .any }
        return !closure.isProbing && closure.probeAt <= now ? .oneProbe : .none
    }

    /// When the gate next lets a probe through; `nil` while open or while one is under way.
    var deadline: Duration? {
        guard let closure, !closure.isProbing else { return nil }
        return closure.probeAt
    }

    mutating func beginProbe() { closure?.isProbing = true }

    /// The probe ended without reaching the broker for reasons of its own; another may go at once.
    mutating func abandonProbe() { closure?.isProbing = false }

    /// Closes the gate, or keeps it closed for longer. Attempts that were under way when it closed don't count again.
    mutating func close(_ cause: Cause, wasProbe: Bool, at now: Duration, wait: (_ strikes: Int) -> Duration)
    {
        if let closure, !wasProbe {
            if cause == .rateLimited && closure.cause == .rateLimited {
                // Asked several times at once, it may have asked for several pauses.
                self.closure?.probeAt = max(closure.probeAt, now + wait(closure.strikes))
                return
            }
            // A pause that the broker asked for outweighs one that we chose.
            if cause == closure.cause || closure.cause == .rateLimited { return }
        }
        let strikes = closure?.cause == cause ? (closure?.strikes ?? 0) + 1 : 1
        let isProbing = !wasProbe && (closure?.isProbing ?? false)
        closure = Closure(cause: cause, strikes: strikes, probeAt: now + wait(strikes), isProbing: isProbing)
    }

    /// Closes the gate for what is left of a pause that the broker asked for before the start.
    mutating func resumePause(until: Duration) {
        if let closure, closure.cause == .rateLimited && closure.probeAt >= until { return }
        closure = Closure(
            cause: .rateLimited, strikes: 1, probeAt: until, isProbing: closure?.isProbing ?? false)
    }

    /// Lets a probe go now if the broker was only out of reach.
    mutating func hurry(at now: Duration) {
        if closure?.cause == .unreachable, let probeAt = closure?.probeAt {
            closure?.probeAt = min(probeAt, now)
        }
    }

    /// The broker answered. Returns whether that opened the gate: a pause that it asked for ends with a probe, not with
    /// the answer to what was asked before.
    mutating func open(byProbe: Bool) -> Bool {
        guard let closure, byProbe || closure.cause == .unreachable else { return false }
        self.closure = nil
        return true
    }
}
