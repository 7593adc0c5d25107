import Foundation
import PKI
import POSIX
import TestSupport
import Testing
import Transfer

/// Exchanges whose request was sent and whose answer never came, or never ended.
@Suite struct LostAnswerTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: @Sendable () -> [ScriptedServer.Step]
        let kind: TransferError.Kind
    }

    static let faults = [
        Fault(testDescription: "closed after the request", steps: { [.close] }, kind: .closedEarly),
        Fault(
            testDescription: "cut in the header",
            steps: { [.rawThenClose("HTTP/1.1 200 OK\r\nContent-Le")] }, kind: .closedEarly),
        Fault(
            testDescription: "cut in the body",
            steps: { [.rawThenClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")] }, kind: .closedEarly
        ),
        Fault(
            testDescription: "cut between two chunks",
            steps: { [.rawThenClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")] },
            kind: .closedEarly),
        Fault(
            testDescription: "not HTTP", steps: { [.rawThenClose("SSH-2.0-OpenSSH\r\n")] }, kind: .malformed),
        Fault(testDescription: "body over the cap", steps: { [.bytes(1001)] }, kind: .tooLarge),
        Fault(
            testDescription: "header over the cap",
            steps: {
                [
                    .raw(
                        "HTTP/1.1 200 OK\r\n"
                            + String(repeating: "X: \(String(repeating: "y", count: 999))\r\n", count: 70))
                ]
            },
            kind: .tooLarge),
        Fault(
            testDescription: "interim answers without end",
            steps: { [.raw(String(repeating: "HTTP/1.1 103 Early\r\nX: y\r\n\r\n", count: 4000))] },
            kind: .tooLarge),
        Fault(testDescription: "silence", steps: { [.hang] }, kind: .timedOut(.answer)),
    ]

    @Test(arguments: faults) func `a lost answer is a possible order`(_ fault: Fault) async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try rig.server(fault.steps())
            let limits = ExchangeLimits(timeout: .milliseconds(1500), answerBytes: 1000)
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: "{}", limits: limits))
            }
        }
        #expect(error?.kind == fault.kind, "\(error?.message ?? "no error")")
        #expect(error?.requestWasSent == true)
    }

    @Test func `an answer of exactly the cap is taken`() async throws {
        let answer = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.bytes(1000)])
            return try Session().perform(
                rig.request(.get, server.url, limits: ExchangeLimits(answerBytes: 1000)))
        }
        #expect(answer.body.count == 1000)
    }

    @Test func `a POST whose kept connection dies is not sent again`() async throws {
        let (error, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo, .close, .echo])
            let session = try Session()
            _ = try session.perform(rig.request(.post, server.url + "/1", body: "{}"))
            let error = failure { () throws(TransferError) in
                try session.perform(rig.request(.post, server.url + "/2", body: "{}"))
            }
            return (error, server.finish().filter { $0.hasPrefix("request") })
        }
        #expect(error?.kind == .closedEarly)
        #expect(error?.requestWasSent == true)
        #expect(events == ["request POST /1 HTTP/1.1", "request POST /2 HTTP/1.1"])
    }

    @Test func `a GET whose kept connection dies is asked again`() async throws {
        let (answer, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo, .close, .echo])
            let session = try Session()
            _ = try session.perform(rig.request(.get, server.url + "/1"))
            let answer = try session.perform(rig.request(.get, server.url + "/2"))
            return (answer, server.finish().filter { $0.hasPrefix("request") })
        }
        #expect(answer.status == 200)
        #expect(events == ["request GET /1 HTTP/1.1", "request GET /2 HTTP/1.1", "request GET /2 HTTP/1.1"])
    }

    @Test(arguments: [true, false])
    func `a POST after the server closed an idle connection goes over a fresh one`(notify: Bool) async throws
    {
        let answer = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echoThenClose(notify: notify), .echo])
            let session = try Session()
            _ = try session.perform(rig.request(.post, server.url, body: "{}"))
            while let event = server.nextEvent(), event != "closed" {}
            return try session.perform(rig.request(.post, server.url, body: "{}"))
        }
        #expect(answer.status == 200)
        #expect(!answer.reusedConnection)
    }

    @Test func `a server that is silent in the handshake has been sent nothing`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try ScriptedServer(
                [], tls: .init(identity: try rig.authority.server(), conduct: "silent"), in: rig.scratch)
            let limits = ExchangeLimits(connectTimeout: .milliseconds(300))
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: "{}", limits: limits))
            }
        }
        #expect(error?.kind == .timedOut(.handshake))
        #expect(error?.requestWasSent == false)
    }

    @Test func `a server that leaves right after the handshake may have read the request`() async throws {
        let error = try await onThread {
            let rig = try Rig()
            let server = try ScriptedServer(
                [], tls: .init(identity: try rig.authority.server(), conduct: "goodbye"), in: rig.scratch)
            // More than the socket's buffers take, so that the write itself meets the closed connection.
            let body = String(repeating: "x", count: 16 << 20)
            return failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: body))
            }
        }
        #expect(error?.kind == .closedEarly)
        #expect(error?.requestWasSent == true)
    }

    @Test func `a raised flag ends a waiting exchange at once`() async throws {
        let (error, took) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.hang])
            let stop = StopFlag()
            let seen = Lock<TransferError?>(nil)
            let request = rig.request(.post, server.url, body: "{}")
            let worker = try Worker(name: "exchange") {
                let error = failure { () throws(TransferError) in try Session().perform(request, stop: stop) }
                seen.withLock { $0 = error }
            }
            while let event = server.nextEvent(), !event.hasPrefix("request") {}
            let raisedAt = ContinuousClock.now
            stop.raise()
            worker.join()
            return (seen.withLock { $0 }, ContinuousClock.now - raisedAt)
        }
        #expect(error?.kind == .stopped)
        #expect(error?.requestWasSent == true)
        // A tenth of a second is promised; a loaded machine gets more.
        #expect(took < .seconds(2))
    }

    @Test func `a flag that is up already lets nothing out`() async throws {
        let (error, events) = try await onThread {
            let rig = try Rig()
            let server = try rig.server([.echo])
            let stop = StopFlag()
            stop.raise()
            let error = failure { () throws(TransferError) in
                try Session().perform(rig.request(.post, server.url, body: "{}"), stop: stop)
            }
            return (error, server.finish())
        }
        #expect(error?.kind == .stopped)
        #expect(error?.requestWasSent == false)
        #expect(events.isEmpty)
    }
}
