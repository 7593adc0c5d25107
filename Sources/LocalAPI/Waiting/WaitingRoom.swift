import HTTP
import Lifecycle
import POSIX
import Synchronization

/// Answers that wait for the engine. The engine's part in it is one look at a counter for each snapshot, and one
/// call of the scheduler when somebody waits; everything else happens on the API's thread.
final class WaitingRoom: Sendable {
    /// Runs work on the API's thread after a delay.
    typealias Scheduler = @Sendable (Duration, @escaping @Sendable () -> Void) -> Void

    /// Twice what the server lets wait: an answer whose client has gone is here until its time is up.
    static let capacity = 64

    private struct Guest: Sendable {
        let number: Int
        let answer: PendingAnswer
        /// On the boottime clock.
        let deadline: Duration
        let deliver: @Sendable (DueAnswer) -> Void
    }

    private struct Room: Sendable {
        var guests: [Guest] = []
        var admitted = 0
        /// The earliest look that is scheduled for a deadline.
        var nextLook: Duration?
        var isClosed = false
    }

    private let room = Lock(Room())
    private let count = Atomic(0)
    private let lookIsScheduled = Atomic(false)
    private let board: any StatusBoard
    private let scheduler = Lock<Scheduler?>(nil)
    private let now: @Sendable () -> Duration

    init(board: any StatusBoard, now: @escaping @Sendable () -> Duration = { Clock.boottime() }) {
        self.board = board
        self.now = now
        board.whenPublished { [weak self] in self?.published() }
    }

    /// Where the API's thread is reached.
    func schedule(with scheduler: @escaping Scheduler) {
        self.scheduler.withLock { $0 = scheduler }
    }

    /// Holds an answer until it is due. When there is no room, whoever waits longest is answered unfinished.
    func admit(_ answer: PendingAnswer, deliver: @escaping @Sendable (DueAnswer) -> Void) {
        let deadline = now() + answer.patience
        let (evicted, mustArm) = room.withLock { room -> (Guest?, Bool) in
            if room.isClosed {
                return (Guest(number: 0, answer: answer, deadline: deadline, deliver: deliver), false)
            }
            let evicted = room.guests.count >= Self.capacity ? room.guests.removeFirst() : nil
            room.admitted += 1
            room.guests.append(
                Guest(number: room.admitted, answer: answer, deadline: deadline, deliver: deliver))
            count.store(room.guests.count, ordering: .sequentiallyConsistent)
            let mustArm = room.nextLook.map { deadline < $0 } ?? true
            if mustArm { room.nextLook = deadline }
            return (evicted, mustArm)
        }
        if let evicted { evicted.deliver(evicted.answer.unfinished(board.current())) }
        if mustArm { arm(after: answer.patience) }
        // What was published since the endpoint looked has rung for nobody.
        published()
    }

    /// Answers all who wait as they stand. Who comes later doesn't wait.
    func close() {
        let guests = takeAll()
        let snapshot = board.current()
        for guest in guests {
            guest.deliver(guest.answer.outcome(snapshot) ?? guest.answer.unfinished(snapshot))
        }
    }

    private func published() {
        guard count.load(ordering: .sequentiallyConsistent) > 0,
            !lookIsScheduled.exchange(true, ordering: .sequentiallyConsistent)
        else { return }
        let scheduler = scheduler.withLock { $0 }
        scheduler?(.zero) { [weak self] in self?.look() }
    }

    private func arm(after delay: Duration) {
        let scheduler = scheduler.withLock { $0 }
        scheduler?(delay) { [weak self] in self?.deadlineCame() }
    }

    private func deadlineCame() {
        let time = now()
        room.withLock { if let next = $0.nextLook, next <= time { $0.nextLook = nil } }
        look()
        let next = room.withLock { room -> Duration? in
            guard room.nextLook == nil, let next = room.guests.map(\.deadline).min() else { return nil }
            room.nextLook = next
            return next
        }
        if let next { arm(after: max(.zero, next - now())) }
    }

    /// Answers whose outcome is there, or whose time is up.
    private func look() {
        lookIsScheduled.store(false, ordering: .sequentiallyConsistent)
        let snapshot = board.current()
        let time = now()
        var answered: Set<Int> = []
        for guest in room.withLock({ $0.guests }) {
            if let due = guest.answer.outcome(snapshot) {
                guest.deliver(due)
            } else if guest.deadline <= time {
                guest.deliver(guest.answer.unfinished(snapshot))
            } else {
                continue
            }
            answered.insert(guest.number)
        }
        if answered.isEmpty { return }
        room.withLock { room in
            room.guests.removeAll { answered.contains($0.number) }
            count.store(room.guests.count, ordering: .sequentiallyConsistent)
        }
    }

    private func takeAll() -> [Guest] {
        room.withLock { room in
            defer { room.guests = [] }
            room.isClosed = true
            count.store(0, ordering: .sequentiallyConsistent)
            return room.guests
        }
    }
}
