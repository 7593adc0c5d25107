import Foundation
import Lifecycle
import Testing

@testable import LocalAPI

@Suite struct HistoryTests {
    @Test func `the newest event comes first, with all that is known of it`() throws {
        var installed = HistoryEntry(.installed, at: TestAPI.now - 60)
        installed.renewal = RenewalID("r-1")
        installed.reason = .expiring
        installed.serial = "4f2a"
        installed.notAfter = TestAPI.now + 3600
        let failed = HistoryEntry(
            .reloadFailed, at: TestAPI.now, RecordedError.fixture(.reloadFailed, stage: .reload).failure)
        let api = try TestAPI(.fixture([.fixture { $0.history = [installed, failed] }]))
        let json = try api.get("/v1/certificates/www/history").json
        #expect(json["certificate"] as? String == "www")
        let events = try #require(json["events"] as? [NSDictionary])
        #expect(events.map { $0["event"] as? String } == ["reload_failed", "installed"])
        #expect(events[0]["class"] as? String == "reload_failed")
        #expect(events[0]["stage"] as? String == "reload")
        #expect(events[0]["detail"] as? String == "connection refused")
        #expect(events[1]["renewal"] as? String == "r-1")
        #expect(events[1]["reason"] as? String == "expiring")
        #expect(events[1]["not_after"] as? String == "2027-01-15T09:00:00Z")
    }

    @Test func `what nothing happened to has a history without events`() throws {
        let json = try TestAPI().get("/v1/certificates/www/history").json
        #expect((json["events"] as? NSArray)?.count == 0)
        #expect(try TestAPI().get("/v1/certificates/x/history").problem == "unknown_certificate")
    }
}
