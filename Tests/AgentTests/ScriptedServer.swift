import HTTP
import HTTPServer
import PKI
import POSIX
import TestSupport

/// An HTTPS server on loopback that answers as the test says, until the test lets it go.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (HTTP.Request, Responder) -> Reply

    let url: String
    private let reactor: Reactor
    private let handler: Handler
    private let worker: Worker

    /// Without an identity it speaks plain HTTP.
    init(
        _ identity: TestIdentity?, clients: ClientCertificates = .notRequested, _ script: @escaping Script
    ) throws {
        handler = Handler(script)
        let reactor = try Reactor(handler: handler)
        self.reactor = reactor
        let context = try identity.map {
            try TLSServerContext(chain: $0.chain, key: try $0.key(), clientCertificates: clients)
        }
        let listening = try reactor.listen(.tcp(host: "127.0.0.1", port: 0), secureContext: context)
        url = "https://127.0.0.1:\(listening.port ?? 0)"
        worker = try Worker(name: "scripted") {
            do { try reactor.run() } catch { fatalError("\(error)") }
        }
    }

    deinit {
        reactor.stop(grace: .zero)
        worker.join()
    }

    /// What was asked, in order.
    var requests: [HTTP.Request] { handler.requests.withLock { $0 } }

    private final class Handler: RequestHandler {
        let script: Script
        let requests = Lock<[HTTP.Request]>([])

        init(_ script: @escaping Script) { self.script = script }

        func handle(_ request: HTTP.Request, from peer: Peer, _ responder: Responder) -> Reply {
            requests.withLock { $0.append(request) }
            return script(request, responder)
        }
    }
}

/// Keeps responders, so that nobody is answered.
final class Silence: Sendable {
    private let kept = Lock<[Responder]>([])

    func keep(_ responder: Responder) -> Reply {
        kept.withLock { $0.append(responder) }
        return .later
    }
}
