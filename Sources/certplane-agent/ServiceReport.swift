import FoundationEssentials
import Lifecycle

/// Decides what systemd is told of a run, and when: readiness once, the state in words when they change, signs of
/// life while every loop comes round. Pure: whoever drives it brings the facts and the time.
struct ServiceReport {
    enum Message: Equatable {
        case ready
        /// The start goes on and may take so much longer.
        case extendTimeout(Duration)
        case status(String)
        case watchdog
    }

    /// What is known when it is asked.
    struct Facts {
        var snapshot: Snapshot
        /// The beats of each loop that must come round.
        var beats: [UInt64]
        /// Why the local API can't be reached, if it can't.
        var apiTrouble: String?
    }

    /// Words that change faster are told this often.
    static let statusInterval: Duration = .seconds(1)
    /// What a start that gets on asks for again and again.
    static let startExtension: Duration = .seconds(60)
    private static let extensionInterval: Duration = .seconds(5)

    /// How often the watchdog is fed at most; nil if nobody waits for it.
    let feedInterval: Duration?

    private var isReady = false
    private var told = ""
    private var toldAt: Duration?
    /// The words may have changed, and it is too early to tell: until then nobody works them out.
    private var owesWords = false
    private var extendedAt: Duration?
    private var beatsAtExtension: [UInt64] = []
    private var fedAt: Duration?
    private var beatsAtFeeding: [UInt64] = []

    init(watchdogInterval: Duration?) {
        feedInterval = watchdogInterval.map { LoopPace.rest(watchdog: $0) }
    }

    /// The messages that are due.
    mutating func messages(_ facts: Facts, at now: Duration) -> [Message] {
        var messages: [Message] = []
        if !isReady {
            if facts.snapshot.agent.hasEvaluated {
                isReady = true
                messages.append(.ready)
            } else if isOver(Self.extensionInterval, since: extendedAt, at: now) {
                if beatsAtExtension != facts.beats { messages.append(.extendTimeout(Self.startExtension)) }
                extendedAt = now
                beatsAtExtension = facts.beats
            }
        }
        owesWords = !messages.contains(.ready) && !isOver(Self.statusInterval, since: toldAt, at: now)
        if !owesWords {
            let words = ServiceWords.text(of: facts.snapshot, apiTrouble: facts.apiTrouble)
            if words != told {
                told = words
                toldAt = now
                messages.append(.status(words))
            }
        }
        if let feedInterval, isOver(feedInterval, since: fedAt, at: now), haveAllAdvanced(facts.beats) {
            fedAt = now
            beatsAtFeeding = facts.beats
            messages.append(.watchdog)
        }
        return messages
    }

    /// When it wants to be asked again although nothing happened.
    func nextLookAt(_ now: Duration) -> Duration {
        var next = now + (feedInterval ?? Self.extensionInterval)
        if owesWords, let toldAt {
            next = min(next, max(now, toldAt + Self.statusInterval) + .milliseconds(1))
        }
        return next
    }

    private func haveAllAdvanced(_ beats: [UInt64]) -> Bool {
        beatsAtFeeding.isEmpty || zip(beats, beatsAtFeeding).allSatisfy { $0 != $1 }
    }

    private func isOver(_ interval: Duration, since: Duration?, at now: Duration) -> Bool {
        since.map { now - $0 >= interval } ?? true
    }
}

/// How often a loop that must not stand still comes round although nothing happens.
enum LoopPace {
    static let standard: Duration = .seconds(10)

    /// Three turns for each time the watchdog wants to be fed.
    static func rest(watchdog: Duration?) -> Duration { min(standard, (watchdog ?? .seconds(30)) / 3) }
}
