import Lifecycle
import POSIX

/// Gives the slow work to workers and sends what became of it to the engine.
struct EngineCrew {
    let hands: any EngineHands
    let mail: EngineMail
    /// For renewals alone: as many connections to the broker as there are renewals at once, and each is found open by
    /// the next one.
    private let renewing: WorkerPool
    /// For rebuilds alone: one that hangs keeps its thread.
    private let rebuilding: WorkerPool
    /// For looks at what is served: each may take seconds for a service that can't be reached, and there may be as many
    /// as certificates.
    private let verifying: WorkerPool
    /// For everything else.
    private let pool: WorkerPool
    private let looks = Looks()
    private let retries = Monitor(Retries())
    let stop: StopSignal

    /// The threads that try to finish open installs.
    private struct Retries: Sendable {
        var count = 0
        var lastBegunAt = Duration.zero
    }

    /// A look that is given up leaves nothing behind.
    private static let lookGrace = Duration.seconds(1)
    /// An install that goes on is for the next start to finish.
    private static let retryGrace = Duration.seconds(3)
    private static let retryPatience = Duration.seconds(5)

    init(hands: any EngineHands, mail: EngineMail, settings: LifecycleSettings, stop: StopSignal) {
        self.hands = hands
        self.mail = mail
        self.stop = stop
        renewing = WorkerPool(limit: settings.concurrency, name: "renewal")
        rebuilding = WorkerPool(limit: settings.concurrency, name: "rebuild")
        verifying = WorkerPool(limit: settings.workers, name: "verify")
        pool = WorkerPool(limit: settings.workers)
    }

    /// Has as many threads as the configuration asks for.
    func adopt(_ settings: LifecycleSettings) {
        renewing.adopt(limit: settings.concurrency)
        rebuilding.adopt(limit: settings.concurrency)
        verifying.adopt(limit: settings.workers)
        pool.adopt(limit: settings.workers)
    }

    /// Has as many threads besides those that hang.
    func adopt(_ places: HostState.Places) {
        renewing.adopt(limit: places.renewals)
        rebuilding.adopt(limit: places.rebuilds)
    }

    /// Lets what runs end, drops what waits but for records, and returns when every thread is gone: true. What has not
    /// ended by the deadline hangs, and is left behind.
    func close(until deadline: Duration) -> Bool {
        looks.close()
        looks.waitForEnd(until: min(deadline, Clock.boottime() + Self.lookGrace))
        let retriesEnd = min(deadline, Clock.boottime() + Self.retryGrace)
        _ = retries.wait(until: retriesEnd) { $0.count == 0 ? () : nil }
        let haveEnded = [renewing, rebuilding, verifying, pool].map { $0.close(until: deadline) }
        _ = hands.retryRecords()
        hands.keepRecords()
        if hands.hasNewFacts { hands.rememberFacts() }
        return haveEnded.allSatisfy(\.self)
    }

    /// Nothing is looked at any more.
    func stopLooking() { looks.close() }

    /// Begins one action on a worker. Throws when there is no worker and none can be made.
    func begin(_ action: Action) throws(SystemError) {
        let (hands, mail, stop) = (hands, mail, stop)
        switch action {
        case .startAttempt(let plan):
            try renewing.submit { context in
                // Before anything is sent: an attempt that dies with the process counts, and what came of it has to be
                // remembered.
                let name = plan.certificate.name
                guard hands.settleRecords(of: [name]) else {
                    return mail.send([.attemptEnded(name, .failed(Self.unstored(hands, stage: .key)))])
                }
                let outcome = hands.attempt(plan, in: context, stop: stop) { mail.send([$0]) }
                mail.send([.attemptEnded(name, outcome)])
            }
        case .startReload(let plan):
            try pool.submit { _ in
                // That it is owed is known to the next process if this one dies during the run. A disk that takes nothing
                // is no reason to leave the service with its old files.
                _ = hands.settleRecords(of: plan.names)
                mail.send([.reloadEnded(plan.names, hands.reload(plan, stop: stop))])
            }
        case .verify(let plan):
            try verifying.submit { _ in
                mail.send([.served(plan.name, sha256: plan.sha256, hands.verify(plan, stop: stop))])
            }
        case .rebuild(let certificate, let outputs):
            try rebuilding.submit { _ in
                // Nothing but the record would tell the next process that the files are others.
                guard hands.settleRecords(of: [certificate.name]) else {
                    let failure = Self.unstored(hands, stage: .install)
                    return mail.send([.rebuilt(certificate.name, failure)])
                }
                mail.send([.rebuilt(certificate.name, hands.rebuild(outputs, of: certificate))])
            }
        case .renewIdentity:
            try pool.submit { context in
                mail.send([.identityRenewalEnded(hands.renewIdentity(in: context, stop: stop))])
            }
        case .enroll:
            try pool.submit { context in
                mail.send([.identityRenewalEnded(hands.enroll(in: context, stop: stop))])
            }
        case .restoreIdentity(let brokers):
            try pool.submit { context in
                mail.send([.identityRestored(hands.restoreIdentity(brokers, in: context, stop: stop))])
            }
        case .askTime(let brokers):
            try pool.submit { context in
                let answer = hands.askTime(brokers, in: context, stop: stop) { mail.send([$0]) }
                mail.send([.timeAsked(answer)])
            }
        case .look, .lookAtIdentity, .persist, .forget, .countTime, .forgetPreviousIdentity, .report:
            break
        }
    }

    private static func unstored(_ hands: any EngineHands, stage: Stage) -> RenewalFailure {
        let detail = hands.unstored.map { ": \($0.detail)" } ?? ""
        return RenewalFailure(
            stage: stage, .stateDirectoryFailed, detail: "the state could not be stored" + detail,
            isTransient: true)
    }

    /// Looks at the files of these certificates; each ends in `.looked`, unless the agent stops before.
    func look(at certificates: [ManagedCertificate]) throws(SystemError) {
        try beginLooks(lanes: looks.put(certificates))
    }

    /// What has come of looks.
    func takeLooks() throws(SystemError) -> [Input] {
        let (news, lanes) = looks.takeNews()
        try beginLooks(lanes: lanes)
        return news
    }

    /// Has open installs finished, and looks at what has come of it; each ends in `.recovered`. On a thread of its own: it
    /// may be their directory that hangs, and what another thread is at work on is left to it.
    func retryInstalls(among certificates: [CertificateName: ManagedCertificate]) {
        let (hands, mail, retries) = (hands, mail, retries)
        let now = Clock.boottime()
        // Beside another only when that one hangs.
        let isFree = retries.change { retries in
            if retries.count > 0, now < retries.lastBegunAt + Self.retryPatience { return false }
            retries = Retries(count: retries.count + 1, lastBegunAt: now)
            return true
        }
        guard isFree else { return }
        let thread = try? Worker(name: "install") {
            for certificate in hands.retryStuckInstalls().compactMap({ certificates[$0] }) {
                // One that has moved may hang where it is now. Nobody else's news waits for that.
                _ = answer(within: Self.retryPatience) {
                    mail.send([.recovered(certificate.name, hands.look(at: certificate))])
                }
            }
            retries.change { $0.count -= 1 }
        }
        // Without a thread the next round tries.
        if thread == nil { retries.change { $0.count -= 1 } }
    }

    /// When to take it at the latest.
    var nextLooksAt: Duration? { looks.nextNewsAt }

    /// On threads of their own: of the pool's, each look that hangs would take one away.
    private func beginLooks(lanes: Int) throws(SystemError) {
        let (hands, mail, looks) = (hands, mail, looks)
        for number in 0..<lanes {
            do throws(SystemError) {
                _ = try Worker(name: "look") { looks.run(hands.look) { mail.send([]) } }
            } catch {
                if looks.giveUp(lanes: lanes - number) { return }
                throw error
            }
        }
    }

    /// Has records written that the hands have taken on.
    func keepRecords() {
        let hands = hands
        // Without a worker nobody else will do it.
        do { try pool.submit { _ in hands.keepRecords() } } catch { hands.keepRecords() }
    }

    /// Has what was read of the certificates stored for the next process.
    func rememberFacts() {
        let hands = hands
        // It can wait: all that hangs on it is how fast the next start is.
        try? pool.submit { _ in hands.rememberFacts() }
    }

    /// Has the memory given back that many certificates at once have taken for a moment.
    func giveBackMemory() {
        // Without a worker it is given back after the next configuration.
        try? pool.submit { _ in ProcessMemory.giveBack() }
    }

    /// Reads the configuration file on a worker: ten thousand certificates take longer than the engine may stand still.
    func readConfiguration() throws(SystemError) {
        let (hands, mail) = (hands, mail)
        try pool.submit { _ in mail.send(hands.readConfiguration()) }
    }
}
