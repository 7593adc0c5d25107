import Lifecycle
import POSIX

/// Gives the slow work to workers and sends what became of it to the engine.
struct EngineCrew {
    let hands: any EngineHands
    let mail: EngineMail
    let pool: WorkerPool
    let stop: StopSignal

    /// Begins one action on a worker. Throws when there is no worker and none can be made.
    func begin(_ action: Action) throws(SystemError) {
        let (hands, mail, stop) = (hands, mail, stop)
        switch action {
        case .startAttempt(let plan):
            try pool.submit { context in
                let outcome = hands.attempt(plan, in: context, stop: stop) { mail.send([$0]) }
                mail.send([.attemptEnded(plan.certificate.name, outcome)])
            }
        case .startReload(let plan):
            try pool.submit { _ in
                mail.send([.reloadEnded(plan.names, hands.reload(plan, stop: stop))])
            }
        case .verify(let plan):
            try pool.submit { _ in
                mail.send([.served(plan.name, sha256: plan.sha256, hands.verify(plan, stop: stop))])
            }
        case .rebuild(let certificate, let outputs):
            try pool.submit { _ in
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

    /// Reads the configuration file on a worker: ten thousand certificates take longer than the engine may stand still.
    func readConfiguration() throws(SystemError) {
        let (hands, mail) = (hands, mail)
        try pool.submit { _ in mail.send(hands.readConfiguration()) }
    }
}
