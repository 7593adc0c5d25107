import FoundationEssentials
import HTTP
import HTTPServer
import PKI
import POSIX

/// One TLS listener with its reactor and thread.
final class LabServer: Sendable {
    let url: String
    private let name: String
    private let reactor: Reactor
    private let record: LabRecord
    private let thread = Lock<Worker?>(nil)

    /// Listens on `address` with a fresh server certificate of `ca` for it and for localhost.
    init(
        _ name: String, _ address: LoopbackAddress, _ handler: any RequestHandler, _ ca: LabHierarchy,
        _ clients: ClientCertificates, _ record: LabRecord, now: Date
    ) throws(LabFailure) {
        self.name = name
        self.record = record
        do {
            let key = try PrivateKey.generate(.ecP256)
            let leaf = try ca.intermediate.issue(
                CertificateTemplate(
                    commonName: "Certplane lab \(name)", dnsNames: ["localhost"], addresses: [address.host],
                    notBefore: now - 60, notAfter: now + 365 * 86_400, role: .leaf(usages: [.serverAuth])),
                for: key.publicKey)
            let chain = CertificateChain(leaf: leaf, intermediates: [ca.intermediate.certificate])
            let context = try TLSServerContext(chain: chain, key: key, clientCertificates: clients)
            reactor = try Reactor(limits: Self.limits, handler: handler)
            let listener = try reactor.listen(
                .tcp(host: address.host, port: address.port), secureContext: context)
            url = "https://\(address.host):\(listener.port ?? address.port)"
        } catch {
            throw LabFailure("listening as \(name) on \(address.host):\(address.port)", error)
        }
    }

    /// Accepts, on a thread of its own; once.
    func start() throws(SystemError) {
        let worker = try Worker(name: name) { [reactor, record, name] in
            do throws(SystemError) {
                try reactor.run()
            } catch {
                record.serverFailed(name, error)
            }
        }
        thread.withLock { $0 = worker }
    }

    /// Ends every connection within a second, and waits for the thread.
    func stop() {
        reactor.stop(grace: .seconds(1))
        thread.withLock { $0 }?.join()
    }

    /// Room for many agents at once, and for as many orders that wait.
    private static var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connections = 4096
        limits.waitingRequests = 2048
        limits.requestBytes = 64 * 1024 * 1024
        // A renewal token carries a whole chain, twice encoded.
        limits.request.fieldLine = 24 * 1024
        limits.request.head = 32 * 1024
        limits.request.body = BrokerMessages.largestRequest
        limits.headTimeout = .seconds(5)
        limits.bodyTimeout = .seconds(10)
        limits.sendTimeout = .seconds(60)
        limits.idleTimeout = .seconds(120)
        return limits
    }
}
