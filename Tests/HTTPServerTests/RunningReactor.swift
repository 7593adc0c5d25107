import HTTP
import HTTPServer
import PKI
import POSIX
import TestSupport

/// A reactor with a listener on loopback, at work on a thread of its own until the test lets it go.
final class RunningReactor: Sendable {
    let reactor: Reactor
    let listening: Listening
    private let worker: Worker
    private let standsStill: Bell
    private let mayGoOn: Bell

    init(
        _ limits: ServerLimits = ServerLimits(), context: TLSServerContext? = nil, handler: any RequestHandler
    ) throws {
        standsStill = try Bell()
        mayGoOn = try Bell()
        let reactor = try Reactor(limits: limits, handler: handler)
        self.reactor = reactor
        listening = try reactor.listen(.tcp(host: "127.0.0.1", port: 0), secureContext: context)
        worker = try Worker(name: "reactor") {
            do { try reactor.run() } catch { fatalError("\(error)") }
        }
    }

    deinit {
        reactor.stop(grace: .zero)
        worker.join()
    }

    func client() throws -> RawClient { try RawClient(port: listening.port) }

    /// Does `work` while the reactor's thread does nothing: all that clients do in it comes to the reactor at once.
    func standingStill<Done>(_ work: () throws -> Done) rethrows -> Done {
        let (standsStill, mayGoOn) = (standsStill, mayGoOn)
        reactor.schedule(after: .zero) {
            standsStill.ring()
            _ = mayGoOn.wait(until: Clock.boottime() + .seconds(20))
        }
        _ = standsStill.wait(until: Clock.boottime() + .seconds(20))
        defer { mayGoOn.ring() }
        return try work()
    }

    /// Stops with a grace and returns when the reactor has ended.
    func stop(grace: Duration) {
        reactor.stop(grace: grace)
        worker.join()
    }
}

/// Answers `/later…` through a kept responder, `/big` with a shared body, `/own` with one of its own, `/file` with one between
/// two others that is in a file, `/work` after a millisecond of work, `/steps` in
/// three steps, of which the last waits for `mayFinish`, anything else with method, path and body.
final class ScriptedHandler: RequestHandler {
    let big: SharedBytes
    let kept = Lock<[Responder]>([])
    let wasKept: Bell
    let exchanges = Lock<[String]>([])
    let pauses = Lock<Int>(0)
    let peers = Lock<[Peer]>([])

    /// The numbers of the answers that steps were made of.
    let steps = Lock<[Int]>([])
    let mayFinish = Lock(true)
    private let stepped = Lock(0)

    let ownBytes: Int

    init(bigBytes: Int = 0, ownBytes: Int = 0) throws {
        self.ownBytes = ownBytes
        big = SharedBytes((0..<bigBytes).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        wasKept = try Bell()
    }

    func handle(_ request: Request, from peer: Peer, _ responder: Responder) -> Reply {
        peers.withLock { $0.append(peer) }
        let path = request.target.path
        if path.hasPrefix("/later") {
            kept.withLock { $0.append(responder) }
            wasKept.ring()
            return .later
        }
        switch path {
        case "/reserve":
            kept.withLock { $0.append(responder) }
            wasKept.ring()
            return .laterInReserve
        case "/forgotten": return .later
        case "/big": return .now(Response(.ok, body: .shared([big])))
        case "/file":
            guard let file = try? MemoryFile(), (try? file.append(big.bytes)) != nil else { return .later }
            let body = [SharedBytes("<"), SharedBytes(file, count: big.count), SharedBytes(">"), big]
            return .now(Response(.ok, body: .shared(body)))
        case "/own":
            let body = [UInt8](repeating: 0x61, count: ownBytes)
            return .now(Response(.ok, body: .shared([SharedBytes(body)])))
        case "/work":
            let began = Clock.nanoseconds()
            while Clock.nanoseconds() < began + 1_000_000 {}
            return .now(Response(.ok))
        case "/steps":
            let number = stepped.withLock { stepped in
                stepped += 1
                return stepped
            }
            return .stepwise(ScriptedSteps(handler: self, number: number))
        case "/close": return .now(Response(.ok, text: "bye", closes: true))
        default:
            let body = String(decoding: request.body, as: UTF8.self)
            return .now(Response(.ok, text: "\(request.method.name) \(path) \(body)"))
        }
    }

    func answered(_ exchange: AnsweredExchange, to request: Request?) {
        exchanges.withLock { $0.append("\(request?.target.text ?? "-") \(exchange.status.code)") }
    }

    func listenerPaused(_ error: SystemError) {
        pauses.withLock { $0 += 1 }
    }

    /// The oldest responder that was kept, once there is one.
    func takeKept() -> Responder? {
        let deadline = Clock.boottime() + .seconds(20)
        while Clock.boottime() < deadline {
            if let first = kept.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return first }
            _ = wasKept.wait(until: deadline)
        }
        return nil
    }
}

/// Done in three steps.
struct ScriptedSteps: SteppedAnswer {
    let handler: ScriptedHandler
    let number: Int

    func step() -> Response? {
        let done = handler.steps.withLock { $0.filter { $0 == number }.count }
        if done == 2, !handler.mayFinish.withLock({ $0 }) { return nil }
        handler.steps.withLock { $0.append(number) }
        return done == 2 ? Response(.ok, text: "step by step") : nil
    }
}

/// A request of HTTP/1.1 for localhost.
func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
}
