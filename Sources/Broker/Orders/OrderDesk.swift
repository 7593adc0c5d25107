import FoundationEssentials
import HTTPServer
import Lifecycle
import PKI
import POSIX

/// Takes orders, places them with the lab's CA one after the other on a thread of its own, and hands the results to
/// everyone who waits.
final class OrderDesk: Sendable {
    /// One call that waits for its answer.
    struct Waiter: Sendable {
        let responder: Responder
        let fault: LabFault?
        let order: CertificateOrder
    }

    /// The word for the lab's CA in the cache's key.
    private static let issuerName = "local"

    private let ca: LabHierarchy
    private let lifetime: Duration
    private let issueDelay: Duration
    private let record: LabRecord
    private let work: DelayedWork
    private let book: Lock<OrderBook<Waiter>>
    /// Calls the fault "hang" keeps: a responder that goes is an answer.
    private let hung = Lock<[Responder]>([])

    init(
        _ ca: LabHierarchy, lifetime: Duration, issueDelay: Duration, limits: HourlyLimits, record: LabRecord
    ) throws(SystemError) {
        self.ca = ca
        self.lifetime = lifetime
        self.issueDelay = issueDelay
        self.record = record
        work = try DelayedWork()
        book = Lock(OrderBook(limits: limits))
    }

    func start() throws(SystemError) { try work.start(name: "orders") }

    /// Lets the order in progress end; whoever waits for another is let go.
    func stop() {
        work.stop()
        for responder in hung.withLock({ $0 }) { responder.drop() }
    }

    /// Answers `order` through `responder` after what `strike` has in store for it.
    func take(_ order: CertificateOrder, _ strike: FaultPlan.Strike, _ responder: Responder) {
        let waiter = Waiter(responder: responder, fault: strike.fault, order: order)
        work.submit(after: strike.latency) { [self] in begin(waiter) }
    }

    private func begin(_ waiter: Waiter) {
        let order = waiter.order
        if let fault = waiter.fault, refuse(waiter, by: fault) { return }
        let key = order.cacheKey(issuer: Self.issuerName)
        let now = Date()
        let decision = book.withLock { book in
            book.place(
                key, renewBefore: order.profile.renewBefore, waiter: waiter, elapsed: Clock.boottime(),
                now: now)
        }
        switch decision {
        case .rateLimited(let wait):
            let refusal = OrderRefusal.rateLimited(retryAfter: wait)
            record.refused(refusal, order)
            waiter.responder.respond(BrokerAnswer.refusal(refusal))
        case .hit(let bundle):
            record.cacheHit(bundle, order)
            deliver(bundle, .hit, to: waiter)
        case .joined: record.joined(order)
        case .begin: work.submit(after: issueDelay) { [self] in place(order, key) }
        }
    }

    /// Issues, keeps, and answers all who wait, though some may have gone.
    private func place(_ order: CertificateOrder, _ key: CacheKey) {
        let now = Date()
        let names = order.profile.names
        var bundle: IssuedBundle?
        do throws(CertificateIssuingError) {
            let leaf = try ca.intermediate.issueLeaf(
                names.commonName, names.texts, for: order.request.publicKey,
                LabValidity(lifetime: lifetime, now: now), usages: [.serverAuth])
            let issued = IssuedBundle(leaf, under: ca)
            record.issued(issued, order)
            bundle = issued
        } catch {
            record.orderFailed("\(error)", order)
        }
        let waiters = book.withLock { $0.finish(key, bundle, now: now) }
        for waiter in waiters {
            if let bundle {
                deliver(bundle, .miss, to: waiter)
            } else {
                waiter.responder.respond(BrokerAnswer.refusal(.issuanceFailed))
            }
        }
    }

    /// Answers in place of the order; false for the faults that strike later.
    private func refuse(_ waiter: Waiter, by fault: LabFault) -> Bool {
        record.struck(fault, waiter.order)
        if fault == .hang {
            hung.withLock { $0.append(waiter.responder) }
            return true
        }
        if fault == .redirect {
            waiter.responder.respond(BrokerAnswer.redirect)
            return true
        }
        guard let refusal = OrderRefusal(fault) else { return false }
        record.refused(refusal, waiter.order)
        waiter.responder.respond(BrokerAnswer.refusal(refusal))
        return true
    }

    private func deliver(_ honest: IssuedBundle, _ cache: BrokerMessages.CacheWord, to waiter: Waiter) {
        var body = BrokerMessages.bundle(honest, cache: cache)
        guard let fault = waiter.fault else {
            waiter.responder.respond(BrokerAnswer.bundle(body))
            return
        }
        do throws(CertificateIssuingError) {
            let tampered = try TamperedBundle(
                honest, fault, order: waiter.order, ca: ca, lifetime: lifetime, now: Date())
            if let tampered {
                body = BrokerMessages.bundle(tampered.bundle, fullchain: tampered.fullchain, cache: cache)
            }
        } catch {
            record.orderFailed("\(error)", waiter.order)
        }
        BrokerAnswer.send(body, spoiledBy: fault, waiter.responder)
    }
}

extension OrderRefusal {
    /// The refusal a fault asks for; nil for faults of other kinds.
    init?(_ fault: LabFault) {
        switch fault {
        case .rateLimited(let wait): self = .rateLimited(retryAfter: wait)
        case .forbidden: self = .forbidden
        case .internalError: self = .internalError
        case .issuanceFailed: self = .issuanceFailed
        case .unavailable: self = .policyNotLoaded
        default: return nil
        }
    }
}
