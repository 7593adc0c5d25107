import FoundationEssentials
public import Lifecycle
import POSIX

/// Commands on their way to the engine: a set per certificate, so that it is bounded by construction and ten
/// requests for one certificate are one renewal.
public final class CommandInbox: CommandSink {
    fileprivate struct Wish: Sendable {
        var id: RenewalID
        var request: RenewRequest
        /// It has joined what was begun before, whose key is no longer to be chosen.
        var hasJoined: Bool
    }

    fileprivate struct Waiting: Sendable {
        /// At most two of a certificate: one that has joined what runs, and one for another key, which that doesn't give.
        var renewals: [CertificateName: [Wish]] = [:]
        var reloads: [CertificateName: RenewalID] = [:]
        /// The wish to read the configuration again that nobody has begun to fulfil.
        var configurationWish: RenewalID?
        var isClosed = false
        var issuedIDs = 0
        /// Taken by the engine, but not in a published snapshot yet: a second request must find them all the same.
        var taken: [CertificateName: [Wish]] = [:]
        var takenReloads: [CertificateName: RenewalID] = [:]
    }

    private let waiting = Lock(Waiting())
    private let board: any StatusBoard
    private let bell: Bell
    /// Sets the ids of one run apart from those of another.
    private let run: String

    init(board: any StatusBoard, bell: Bell, run: String) {
        self.board = board
        self.bell = bell
        self.run = run
    }

    public func submit(_ command: Command) -> CommandReceipt {
        let receipt = waiting.withLock { waiting -> CommandReceipt in
            if waiting.isClosed { return .stopping }
            // Looked at inside the lock: a renewal that has left `taken` is in the snapshot by then.
            let snapshot = board.current()
            switch command {
            case .renew(let name, let request):
                guard let status = snapshot.certificate(name) else { return .unknownCertificate }
                return waiting.renew(
                    name, request, status,
                    budgetSpentFor: request.overBudget
                        ? nil : status.timeToNextOrder(at: snapshot.clock.time(at: .now)), run: run)
            case .reload(let name):
                guard snapshot.certificate(name) != nil else { return .unknownCertificate }
                return waiting.reload(name, current: snapshot.openReload(of: name), run: run)
            case .reloadConfiguration:
                return waiting.reloadConfiguration(run: run)
            }
        }
        bell.ring()
        return receipt
    }

    /// Takes everything, as inputs for the state machine.
    func drain() -> [Input] {
        waiting.withLock { waiting in
            var inputs: [Input] = []
            for (name, wishes) in waiting.renewals.sorted(by: { $0.key < $1.key }) {
                inputs += wishes.map { .requested(name, $0.id, $0.request) }
                waiting.taken[name, default: []] += wishes
            }
            for (name, id) in waiting.reloads.sorted(by: { $0.key < $1.key }) {
                inputs.append(.reloadRequested(name, id))
                waiting.takenReloads[name] = id
            }
            waiting.renewals = [:]
            waiting.reloads = [:]
            return inputs
        }
    }

    /// Takes the wish to read the configuration again. A wish that comes later is another one: the file may have
    /// changed since it was read for this one.
    func takeConfigurationWish() -> RenewalID? { waiting.withLock { $0.configurationWish.take() } }

    /// What was drained shows in the published snapshot now.
    func published() {
        waiting.withLock {
            $0.taken = [:]
            $0.takenReloads = [:]
        }
    }

    /// From now on every command is refused as `stopping`.
    func close() { waiting.withLock { $0.isClosed = true } }
}

extension CommandInbox.Waiting {
    fileprivate mutating func renew(
        _ name: CertificateName, _ request: RenewRequest, _ status: CertificateStatus,
        budgetSpentFor wait: Duration?, run: String
    ) -> CommandReceipt {
        var wishes = renewals[name] ?? []
        if let index = wishes.firstIndex(where: { $0.mayTakeOn(request) }) {
            wishes[index].request = wishes[index].request.merged(with: request)
            renewals[name] = wishes
            return .accepted(wishes[index].id, joined: true)
        }
        let joined = begun(name, status, for: request)
        if joined == nil, let wait { return .overBudget(retryAfter: wait) }
        let id = joined ?? makeID(run)
        renewals[name] = wishes + [CommandInbox.Wish(id: id, request: request, hasJoined: joined != nil)]
        return .accepted(id, joined: joined != nil)
    }

    /// The renewal that the engine knows of and whose end is the answer to the request, too. One that waits may have begun
    /// since the snapshot, and with the old key: a request for another key joins none but what is known to change it.
    private func begun(
        _ name: CertificateName, _ status: CertificateStatus, for request: RenewRequest
    ) -> RenewalID? {
        let taken = taken[name] ?? []
        guard request.rotateKey else { return taken.first?.id ?? status.currentRenewal }
        return taken.first { $0.request.rotateKey }?.id
            ?? (status.currentRotatesKey ? status.currentRenewal : nil)
    }

    fileprivate mutating func reload(
        _ name: CertificateName, current: RenewalID?, run: String
    ) -> CommandReceipt {
        if let earlier = reloads[name] ?? takenReloads[name] ?? current {
            return .accepted(earlier, joined: true)
        }
        let id = makeID(run)
        reloads[name] = id
        return .accepted(id, joined: false)
    }

    fileprivate mutating func reloadConfiguration(run: String) -> CommandReceipt {
        if let earlier = configurationWish { return .accepted(earlier, joined: true) }
        let id = makeID(run)
        configurationWish = id
        return .accepted(id, joined: false)
    }

    fileprivate mutating func makeID(_ run: String) -> RenewalID {
        issuedIDs += 1
        return RenewalID("\(run)-\(issuedIDs)")
    }
}

extension CommandInbox.Wish {
    /// Whether one renewal can be the answer to both.
    fileprivate func mayTakeOn(_ other: RenewRequest) -> Bool {
        !other.rotateKey || request.rotateKey || !hasJoined
    }
}

extension CertificateStatus {
    /// How long the order budget allows no further order; nil while it does.
    fileprivate func timeToNextOrder(at now: Date) -> Duration? {
        guard let left = nextOrderAt?.timeIntervalSince(now), left > 0 else { return nil }
        return .seconds(left)
    }
}

extension Snapshot {
    /// The run of the reload command that was asked for and hasn't ended.
    fileprivate func openReload(of name: CertificateName) -> RenewalID? {
        renewals.last { $0.kind == .reload && $0.certificate == name && !$0.state.isFinal }?.id
    }
}
