import Lifecycle
import POSIX

/// Looks at the files of many certificates on a few threads. The engine comes round for what they have found, and to see
/// which looks don't end: a system call in a directory that hangs never returns, and its thread is left to it.
final class Looks: Sendable {
    fileprivate struct Look: Sendable {
        let number: Int
        let outputs: OutputPaths
        let beganAt: Duration
        /// How many looks that were asked for end with it.
        var stands = 1
        /// Its lane is another's to go on with.
        var isLeft = false
        /// The engine has been told that it doesn't end.
        var isTold = false
    }

    fileprivate struct Desk: Sendable {
        /// The next ones last.
        var waiting: [ManagedCertificate] = []
        /// The next look at one of these waits: the engine believes the last that it hears of, and it may be the first one
        /// that takes longer.
        var underWay: [CertificateName: Look] = [:]
        var done: [Input] = []
        /// How many threads look, but for those that are left to what hangs.
        var lanes = 0
        var left = 0
        var begun = 0
        var isClosed = false
    }

    /// Looks read, decode and verify: more at once than there are processors gain nothing.
    static let lanes = min(max(ProcessFacts.processorCount, 2), 4)
    /// The engine is woken when there is that much news, or no more to come.
    fileprivate static let portion = 32
    /// How often the engine comes round while looks are under way: no other's news waits longer for one that hangs.
    private static let pause = Duration.milliseconds(100)
    /// A look that takes longer holds up no others.
    private static let relief = Duration.milliseconds(500)
    /// Each is a thread. A host on which more directories hang has no use for what could still be looked at.
    private static let mostLeft = 256

    private let desk = Monitor(Desk())
    private let patience: Duration

    /// `patience` is after what time a look is told of as one that doesn't answer.
    init(patience: Duration = .seconds(5)) { self.patience = patience }

    /// Puts certificates behind those that wait. The answer says for how many more threads there is work to `run`.
    func put(_ certificates: [ManagedCertificate]) -> Int {
        desk.change { desk in
            if desk.isClosed { return 0 }
            for certificate in certificates { desk.meet(certificate) }
            desk.waiting.insert(contentsOf: certificates.reversed(), at: 0)
            return desk.claimLanes()
        }
    }

    /// Looks at what waits until nothing does, and rings when there is news to take. Blocks.
    func run(_ look: (ManagedCertificate) -> FoundCertificate, ring: () -> Void) {
        var next = desk.change { $0.begin() }
        while let (certificate, number) = next {
            let found = look(certificate)
            let isNews: Bool
            (next, isNews) = desk.change { desk in
                let next = desk.end(number, certificate.name, found) ? desk.begin() : nil
                return (next, desk.done.count >= Self.portion || next == nil)
            }
            if isNews { ring() }
        }
    }

    /// What has come of looks since the last time, and how many more threads there is work for.
    func takeNews(at now: Duration = Clock.boottime()) -> (news: [Input], lanes: Int) {
        desk.change { desk in
            var news = desk.done
            desk.done = []
            for (name, look) in desk.underWay where !look.isTold {
                if !look.isLeft, now >= look.beganAt + Self.relief, desk.left < Self.mostLeft {
                    desk.underWay[name]?.isLeft = true
                    desk.left += 1
                    desk.lanes -= 1
                }
                if now >= look.beganAt + patience {
                    desk.underWay[name]?.isTold = true
                    news.append(.lookUnanswered(name))
                }
            }
            return (news, desk.isClosed ? 0 : desk.claimLanes())
        }
    }

    /// When to take news at the latest; nil while none is to come but of what hangs.
    var nextNewsAt: Duration? {
        let isDue = desk.change { desk in
            desk.underWay.values.contains { !$0.isTold } || desk.lanes == 0 && desk.isAnythingToBegin
        }
        return isDue ? Clock.boottime() + Self.pause : nil
    }

    /// What waits is looked at no more.
    func close() {
        desk.change { desk in
            desk.isClosed = true
            desk.waiting = []
        }
    }

    /// Returns when no look is under way but what hangs, or at the deadline. After `close`.
    func waitForEnd(until deadline: Duration) {
        _ = desk.wait(until: deadline) { $0.lanes == 0 ? () : nil }
    }

    /// Lanes that could not begin after all. Whether others are at work, after whom it can be tried again.
    func giveUp(lanes: Int) -> Bool {
        desk.change { desk in
            desk.lanes -= lanes
            return !desk.underWay.isEmpty || desk.lanes > 0
        }
    }
}

extension Looks.Desk {
    /// Another look at this certificate is wanted. One that hangs elsewhere is none of its affair any more, and ends with
    /// the new one; one that hangs where it is may be news to who asks now.
    fileprivate mutating func meet(_ certificate: ManagedCertificate) {
        guard let look = underWay[certificate.name], look.isTold else { return }
        underWay[certificate.name]?.isTold = look.outputs != certificate.outputs
    }

    /// Nil when nothing waits but what another lane will come back for.
    fileprivate mutating func begin() -> (ManagedCertificate, number: Int)? {
        guard let index = waiting.lastIndex(where: mayBegin) else {
            lanes -= 1
            return nil
        }
        let certificate = waiting.remove(at: index)
        begun += 1
        var look = Looks.Look(number: begun, outputs: certificate.outputs, beganAt: Clock.boottime())
        look.stands += underWay[certificate.name]?.stands ?? 0
        underWay[certificate.name] = look
        return (certificate, begun)
    }

    /// Whether the lane has more to do.
    fileprivate mutating func end(_ number: Int, _ name: CertificateName, _ found: FoundCertificate) -> Bool {
        guard let look = underWay[name], look.number == number else {
            // Given up for a look at other files.
            left -= 1
            return false
        }
        underWay[name] = nil
        for _ in 0..<look.stands { done.append(.looked(name, found)) }
        if look.isLeft { left -= 1 }
        return !look.isLeft
    }

    private func mayBegin(_ certificate: ManagedCertificate) -> Bool {
        guard let look = underWay[certificate.name] else { return true }
        return look.isLeft && look.isTold && look.outputs != certificate.outputs
    }

    fileprivate var isAnythingToBegin: Bool { waiting.contains(where: mayBegin) }

    fileprivate mutating func claimLanes() -> Int {
        if lanes >= Looks.lanes || waiting.isEmpty { return 0 }
        let most = Looks.lanes * Looks.portion
        let count = waiting.count > most + underWay.count ? most : waiting.count(where: mayBegin)
        let more = max(0, min((count + Looks.portion - 1) / Looks.portion, Looks.lanes) - lanes)
        lanes += more
        return more
    }
}
