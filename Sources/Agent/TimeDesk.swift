import FoundationEssentials
import Lifecycle
import POSIX
import Transfer

/// Asks the brokers how late it is, when this host's own clock may be wrong: `GET /healthz` behind the same handshake as
/// orders, whose `Date` tells.
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
        // Dates of certificates mean nothing to a host that doesn't know the time. What is believed is no more than the
        // time, and only from a server that holds a key of a certificate of ours.
        let tls = MutualTLS(
            identity: usable.clientIdentity, trust: .anchors(anchors), verifiedAt: .noTime)
        for broker in brokers {
            if let answer = ask(broker, tls) { return answer }
        }
        return .unanswered
    }

    /// Nil without an answer.
    private func ask(_ broker: BrokerAddress, _ tls: MutualTLS) -> TimeAnswer? {
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
        guard let answer else { return nil }
        return ServerTime(answer, began: started, ended: ended).map { .told($0, by: broker) }
            ?? .untold(by: broker)
    }
}

extension ServerTime {
    /// What an answer says how late it is; nil when it doesn't.
    init?(_ answer: Answer, began: Duration, ended: Duration) {
        guard let date = answer.headers["Date"].flatMap({ HTTPDate.parse($0.trimmed) }) else { return nil }
        // A `Date` leaves out the parts of a second.
        self.init(date: date, readAt: ended, uncertainty: ended - began + .seconds(1))
    }
}
