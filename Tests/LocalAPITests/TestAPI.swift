import Foundation
import HTTP
import HTTPServer
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

/// The handler of the API without a socket, in front of an agent that does nothing by itself.
final class TestAPI: Sendable {
    static let port: UInt16 = 9780
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// Since `now`.
    let elapsed = Lock<TimeInterval>(0)
    let board: TestBoard
    let commands = TestSink()
    let progress = TestProgress()
    /// Of the clock by which answers wait.
    let uptime = Lock<Duration>(.seconds(5000))
    private let scheduled = Lock<[(at: Duration, work: @Sendable () -> Void)]>([])
    let scratch: ScratchDirectory
    let log = LogCapture()
    let socketAccess = SocketAccess()
    let handler: APIHandler

    init(_ snapshot: Snapshot = .fixture()) throws {
        board = TestBoard(snapshot)
        scratch = try ScratchDirectory()
        let logger = Logger(level: .info, destination: .capture(log))
        let elapsed = elapsed
        let services = APIServices(
            board: board, commands: commands, progress: progress, version: "1.2.3", log: logger,
            now: { Self.now + elapsed.withLock { $0 } }, uptime: { [uptime] in uptime.withLock { $0 } })
        handler = try APIHandler(
            services, token: TokenFile(path: scratch.path("api.token"), log: logger),
            socketAccess: socketAccess)
        handler.waiting.schedule { [weak self] delay, work in self?.schedule(work, after: delay) }
    }

    private func schedule(_ work: @escaping @Sendable () -> Void, after delay: Duration) {
        let due = uptime.withLock { $0 } + delay
        scheduled.withLock { $0.append((due, work)) }
    }

    /// How much work waits for its time.
    var scheduledCount: Int { scheduled.withLock { $0.count } }

    /// Lets time pass for answers that wait, and does what is due then, as the API's thread would.
    func pass(_ time: Duration = .zero) {
        let now = uptime.withLock { uptime in
            uptime += time
            return uptime
        }
        while true {
            let due = scheduled.withLock { scheduled in
                let due = scheduled.filter { $0.at <= now }
                scheduled.removeAll { $0.at <= now }
                return due
            }
            if due.isEmpty { return }
            for entry in due { entry.work() }
        }
    }

    /// The token as a client that may read the file knows it.
    var token: String {
        get throws {
            if try File.status(scratch.path("api.token")) == nil { _ = try post("/nowhere", token: "x") }
            return try scratch.read("api.token").trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    func send(
        _ method: HTTP.Method, _ target: String, _ fields: [Field] = [], body: String = "",
        from address: PeerAddress = .tcp(host: "127.0.0.1", port: 40_000),
        as user: UserID = ProcessFacts.userID,
        groups: [GroupID] = []
    ) throws -> Response {
        let waiting = try begin(method, target, fields, body: body, from: address, as: user, groups: groups)
        guard let response = waiting.answer else { throw TestFailure("the answer is late") }
        return response
    }

    /// Sends a request whose answer may come later.
    func begin(
        _ method: HTTP.Method, _ target: String, _ fields: [Field] = [], body: String = "",
        from address: PeerAddress = .tcp(host: "127.0.0.1", port: 40_000),
        as user: UserID = ProcessFacts.userID,
        groups: [GroupID] = [], room: RoomToWait = .free
    ) throws -> AwaitedAnswer {
        let hasHost = fields.contains { $0.name == "Host" }
        let host = hasHost ? [] : [Field("Host", "127.0.0.1:\(Self.port)")]
        let request = try Request(method, target, fields: host + fields, body: Array(body.utf8))
        let credentials = Socket.PeerCredentials(process: 7, user: user, group: 65_534, groups: groups)
        let peer = Peer(
            address: address, localPort: address == .unix ? nil : Self.port,
            credentials: address == .unix ? credentials : nil)
        let awaited = AwaitedAnswer()
        let responder = Responder(roomToWait: room) { awaited.take($0) }
        switch handler.handle(request, from: peer, responder) {
        case .now(let response): awaited.take(.response(response))
        case .later, .laterInReserve: break
        case .stepwise(let answer): awaited.take(.stepwise(answer))
        }
        return awaited
    }

    /// Posts with the token and preferences.
    func begin(_ target: String, prefer: String?, body: String = "", room: RoomToWait = .free) throws
        -> AwaitedAnswer
    {
        var fields = [Field("Authorization", "Bearer \(try token)")]
        if let prefer { fields.append(Field("Prefer", prefer)) }
        if !body.isEmpty { fields.append(Field("Content-Type", "application/json")) }
        return try begin(.post, target, fields, body: body, room: room)
    }

    func get(_ target: String, _ fields: [Field] = []) throws -> Response {
        try send(.get, target, fields)
    }

    func post(_ target: String, token: String, body: String = "", type: String? = "application/json") throws
        -> Response
    {
        let content = body.isEmpty ? [] : type.map { [Field("Content-Type", $0)] } ?? []
        return try send(.post, target, [Field("Authorization", "Bearer \(token)")] + content, body: body)
    }
}

/// An answer that may not be there yet.
final class AwaitedAnswer: Sendable {
    private let response = Lock<Response?>(nil)

    var answer: Response? { response.withLock { $0 } }

    func take(_ delivery: Responder.Delivery) {
        switch delivery {
        case .response(let given): response.withLock { $0 = $0 ?? given }
        case .stepwise(let answer):
            while true {
                guard let given = answer.step() else { continue }
                return take(.response(given))
            }
        default: break
        }
    }
}

struct TestFailure: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

final class TestBoard: StatusBoard {
    private let snapshot: Lock<Snapshot>
    private let listeners = Lock<[@Sendable () -> Void]>([])
    init(_ snapshot: Snapshot) { self.snapshot = Lock(snapshot) }
    func current() -> Snapshot { snapshot.withLock { $0 } }
    func whenPublished(_ wake: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(wake) } }
    func publish(_ next: Snapshot) {
        snapshot.withLock { $0 = next }
        for wake in listeners.withLock({ $0 }) { wake() }
    }
}

/// Answers as it was told, and keeps what it was given.
final class TestSink: CommandSink {
    private let state = Lock<(taken: [Command], receipt: CommandReceipt)>(
        ([], .accepted(RenewalID("r-1"), joined: false)))
    /// In place of the one receipt, for the certificates in it.
    private let receipts = Lock<[String: CommandReceipt]>([:])

    func answer(_ receipt: CommandReceipt, for name: String) { receipts.withLock { $0[name] = receipt } }

    var taken: [Command] { state.withLock { $0.taken } }

    func answer(_ receipt: CommandReceipt) { state.withLock { $0.receipt = receipt } }

    func submit(_ command: Command) -> CommandReceipt {
        let own: CommandReceipt? =
            if case .renew(let name, _) = command { receipts.withLock { $0[name.text] } } else { nil }
        return state.withLock {
            $0.taken.append(command)
            return own ?? $0.receipt
        }
    }
}

final class TestProgress: Lifecycle.Progress {
    private let kept = Lock<(engine: Duration, api: Duration)>((.zero, .zero))
    func rests() -> (engine: Int64, api: Int64) {
        let rests = kept.withLock { $0 }
        return (rests.engine.components.seconds * 1_000_000_000, rests.api.components.seconds * 1_000_000_000)
    }
    func rest(engine: Duration = .zero, api: Duration = .zero) { kept.withLock { $0 = (engine, api) } }
}

extension Response {
    var text: String { String(decoding: bodyBytes, as: UTF8.self) }

    /// The body as a JSON object.
    var json: NSDictionary {
        get throws {
            let value = try JSONSerialization.jsonObject(with: Data(bodyBytes))
            return try #require(value as? NSDictionary, "\(text)")
        }
    }

    /// The last part of a problem's type; nil for an answer that is no problem document.
    var problem: String? {
        guard field("Content-Type") == "application/problem+json", let type = try? json["type"] as? String
        else { return nil }
        return type.replacing("urn:certplane:problem:", with: "")
    }
}
