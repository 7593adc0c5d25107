import FoundationEssentials
import Lifecycle
import POSIX
import Transfer

/// Asks the brokers how late it is, when this host's own clock may be wrong: `GET /healthz` behind the same handshake as
/// orders, whose `Date` tells.
///
/// A certificate that has expired must not get its holder a hearing, and a clock that is wrong must not get a valid one
/// turned away. So the question is put twice: without looking at dates, and once more with the certificate's dates judged
/// by the time that was told. What a certificate can vouch for is a time within its own life; that this isn't long past
/// is for the state machine to see, which knows what else was signed.
struct TimeDesk {
    static let path = BrokerExchange.healthEndpoint

    let identity: IdentityFiles
    /// PEM file of the authorities that may vouch for the brokers.
    let trustBundle: String
    let timeout: Duration
    let session: Session
    let stop: StopFlag
    let told: (BrokerExchange) -> Void

    func ask(_ brokers: [BrokerAddress]) -> TimeAnswer {
        // Whether it has expired is for the broker to say, whose clock is right.
        guard case .usable(let usable) = identity.read(), let anchors = try? TrustBundle.read(trustBundle)
        else {
            return .unanswered
        }
        let tls = MutualTLS(identity: usable.clientIdentity, trust: .anchors(anchors))
        var unproven: BrokerAddress?
        for broker in brokers {
            switch ask(broker, tls) {
            case .unanswered: continue
            // Another one may have a certificate that is good for its word.
            case .unproven: unproven = unproven ?? broker
            case let answer: return answer
            }
        }
        return unproven.map { .unproven(by: $0) } ?? .unanswered
    }

    private func ask(_ broker: BrokerAddress, _ tls: MutualTLS) -> TimeAnswer {
        guard let claim = exchange(broker, tls, at: .noTime) else { return .unanswered }
        guard let claimed = claim.time else {
            return exchange(broker, tls, at: .system) == nil ? .unproven(by: broker) : .untold(by: broker)
        }
        let moment = VerificationTime.at(secondsSince1970: Int64(claimed.date.timeIntervalSince1970))
        guard let confirmed = exchange(broker, tls, at: moment)?.time, confirmed.agrees(with: claimed) else {
            return .unproven(by: broker)
        }
        return .told(confirmed, by: broker)
    }

    /// Nil without an answer, or from a server that is not the broker at that time.
    private func exchange(
        _ broker: BrokerAddress, _ tls: MutualTLS, at time: VerificationTime
    ) -> (status: Int, time: ServerTime?)? {
        var tls = tls
        tls.verifiedAt = time
        let request = RemoteRequest(
            .get, broker.text + Self.path, tls: tls,
            limits: ExchangeLimits(
                connectTimeout: min(timeout, .seconds(10)), timeout: min(timeout, .seconds(20)),
                answerBytes: 64 << 10))
        let started = Clock.boottime()
        let answer = try? session.perform(request, stop: stop)
        let ended = Clock.boottime()
        told(
            BrokerExchange(
                broker: broker, endpoint: Self.path, status: answer?.status, took: ended - started))
        return answer.map { ($0.status, ServerTime($0, began: started, ended: ended)) }
    }
}

extension ServerTime {
    /// What an answer says how late it is; nil when it doesn't.
    init?(_ answer: Answer, began: Duration, ended: Duration) {
        guard let date = answer.headers["Date"].flatMap({ HTTPDate.parse($0.trimmed) }) else { return nil }
        // A `Date` leaves out the parts of a second.
        self.init(date: date, readAt: ended, uncertainty: ended - began + .seconds(1))
    }

    /// Whether both can be read from one clock.
    fileprivate func agrees(with earlier: ServerTime) -> Bool {
        let passed = (readAt - earlier.readAt).inSeconds
        return abs(date.timeIntervalSince(earlier.date) - passed) <= Self.agreement + uncertainty.inSeconds
    }

    /// How far two times that a broker tells may be apart, beside the length of the exchange.
    private static let agreement: TimeInterval = 60
}
