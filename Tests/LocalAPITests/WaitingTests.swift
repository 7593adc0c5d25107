import Foundation
import HTTP
import HTTPServer
import Lifecycle
import POSIX
import Testing

@testable import LocalAPI

@Suite struct WaitingTests {
    private let path = "/v1/certificates/www/renew"

    private func record(_ state: RenewalRecord.State, _ id: String = "r-1") -> RenewalRecord {
        var record = RenewalRecord(
            id: RenewalID(id), certificate: CertificateStatus.fixture().name, kind: .renewal, isForced: true,
            requestedAt: TestAPI.now)
        record.state = state
        if state.isFinal { record.endedAt = TestAPI.now + 3 }
        return record
    }

    @Test func `a client that prefers to wait hears the outcome as soon as it is published`() throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: "wait=20")
        #expect(awaited.answer == nil)
        api.board.publish(.fixture(renewals: [record(.running)]))
        api.pass()
        #expect(awaited.answer == nil)
        api.board.publish(.fixture(renewals: [record(.succeeded)]))
        api.pass()
        let answer = try #require(awaited.answer)
        #expect(answer.status == .ok)
        #expect(answer.field("Preference-Applied") == "wait=20")
        #expect(answer.field("Location") == "/v1/renewals/r-1")
        #expect(answer.field("X-Request-Id") != nil)
        #expect((try answer.json["renewal"] as? NSDictionary)?["state"] as? String == "succeeded")
    }

    @Test func `an outcome is an outcome, also a bad one`() throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: "wait=20")
        api.board.publish(.fixture(renewals: [record(.failed)]))
        api.pass()
        #expect(awaited.answer?.status == .ok)
    }

    @Test func `when the time is up, the answer is the state so far`() throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: "wait=20")
        api.board.publish(.fixture(renewals: [record(.running)]))
        api.pass(.seconds(19))
        #expect(awaited.answer == nil)
        api.pass(.seconds(1))
        let answer = try #require(awaited.answer)
        #expect(answer.status == .accepted)
        #expect(answer.field("Preference-Applied") == "wait=20")
        #expect((try answer.json["renewal"] as? NSDictionary)?["state"] as? String == "running")
    }

    @Test func `a promise that was not seen in a snapshot is still answered`() throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: "wait=100")
        api.elapsed.withLock { $0 = 100 }
        api.pass(.seconds(100))
        #expect(awaited.answer?.status == .accepted)
    }

    @Test func `waits of different length end each at its own time`() throws {
        let api = try TestAPI()
        let awaited = try [30, 10, 20].map { try api.begin(path, prefer: "wait=\($0)") }
        api.pass(.seconds(10))
        #expect(awaited.map { $0.answer != nil } == [false, true, false])
        api.pass(.seconds(10))
        #expect(awaited.map { $0.answer != nil } == [false, true, true])
        api.pass(.seconds(10))
        #expect(awaited.allSatisfy { $0.answer?.status == .accepted })
    }

    @Test(arguments: [
        ("wait=5", 5), ("WAIT = 5", 5), ("wait=\"5\"", 5), ("respond-async, wait=5", 5), ("wait=5;x=y", 5),
        ("wait=5, wait=9", 5), ("handling=lenient,wait=5", 5), ("wait=300", 300), ("wait=301", 300),
        ("wait=99999999999999999999", 300), (#"foo="a,wait=1,b",wait=5"#, 5),
        (#"foo="\",wait=1", wait=5"#, 5),
        (#"foo="\\",wait=5"#, 5),
    ])
    func `the first wish to wait counts, up to 300 seconds`(prefer: String, seconds: Int) throws {
        let api = try TestAPI()
        let awaited = try api.begin(path, prefer: prefer)
        api.pass(.seconds(seconds) - .milliseconds(1))
        #expect(awaited.answer == nil)
        api.pass(.milliseconds(1))
        #expect(awaited.answer?.field("Preference-Applied") == "wait=\(seconds)")
    }

    @Test(arguments: [
        "", "wait", "wait=", "wait=-1", "wait=1.5", "wait=x, wait=5", "respond-async", "waiting=5",
        #"foo="a,wait=1,b""#, #"foo="a\",wait=1""#, #"foo="a,wait=1"#, #"wait="1,wait=2""#,
    ])
    func `a wish that makes no sense is none`(prefer: String) throws {
        let answer = try #require(try TestAPI().begin(path, prefer: prefer).answer)
        #expect(answer.status == .accepted)
        #expect(answer.field("Preference-Applied") == nil)
    }

    @Test func `a wait of no time is answered at once, and was honoured`() throws {
        let answer = try #require(try TestAPI().begin(path, prefer: "wait=0").answer)
        #expect(answer.status == .accepted)
        #expect(answer.field("Preference-Applied") == "wait=0")
    }

    @Test func `without room the renewal is accepted all the same, and the wish is not honoured`() throws {
        let api = try TestAPI()
        let answer = try #require(try api.begin(path, prefer: "wait=20", room: .inReserve).answer)
        #expect(answer.status == .accepted)
        #expect(answer.field("Preference-Applied") == nil)
        #expect(api.commands.taken.count == 1)
    }

    @Test func `answers whose clients have gone don't pile up, and neither do their deadlines`() throws {
        let api = try TestAPI()
        let awaited = try (0..<1000).map { _ in try api.begin(path, prefer: "wait=300") }
        #expect(awaited.prefix(1000 - WaitingRoom.capacity).allSatisfy { $0.answer?.status == .accepted })
        #expect(awaited.suffix(WaitingRoom.capacity).allSatisfy { $0.answer == nil })
        #expect(api.scheduledCount <= 2)
    }

    @Test func `a snapshot wakes nobody when nobody waits`() throws {
        let api = try TestAPI()
        api.board.publish(.fixture())
        #expect(api.scheduledCount == 0)
    }

    @Test func `many snapshots in a row are one look`() throws {
        let api = try TestAPI()
        _ = try api.begin(path, prefer: "wait=20")
        api.pass()
        for _ in 0..<100 { api.board.publish(.fixture(renewals: [record(.running)])) }
        // The look, and the deadline.
        #expect(api.scheduledCount == 2)
    }

    @Test func `when the API stops, all are answered as they stand, and nobody waits any more`() throws {
        let api = try TestAPI()
        let first = try api.begin(path, prefer: "wait=20")
        api.handler.waiting.close()
        #expect(first.answer?.status == .accepted)
        #expect(try api.begin(path, prefer: "wait=20").answer?.status == .accepted)
    }

    @Test func `reading doesn't wait`() throws {
        let answer = try TestAPI().begin(.get, "/v1/status", [Field("Prefer", "wait=20")]).answer
        #expect(answer?.status == .ok)
        #expect(answer?.field("Preference-Applied") == nil)
    }
}
