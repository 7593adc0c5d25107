import Notation
import Testing

@testable import certplane_agent

@Suite struct StatusTextTests {
    private func table(takenAt: String, clock: String, brokerError: String = "null") throws -> String {
        let text = """
            {"taken_at":"\(takenAt)","clock":\(clock),
            "agent":{"version":"1","started_at":"\(takenAt)","config":{"path":"/etc/agent.yml"}},
            "identity":{"name":"edge01","state":"valid","certificate":{"not_after":"2026-12-03T00:00:00Z"}},
            "broker":{"endpoint":"https://b.test","state":"unknown","last_error":\(brokerError)},
            "certificates":[{"name":"www","state":"valid","why":"due later",
            "installed":{"not_after":"2026-12-11T00:00:00Z"}}]}
            """
        return StatusText.table(try JSONReader.read(Array(text.utf8), deepest: 16))
    }

    @Test func `a wrong clock is told, and what is left of a life is counted by the broker's`() throws {
        let text = try table(
            takenAt: "2036-12-01T00:00:00Z",
            clock: #"{"state":"clock_suspect","skew_seconds":315619200,"advice":"set it"}"#)
        #expect(text.contains("clock     clock_suspect, 3653 d"))
        #expect(text.contains(" ahead\n          set it\n"))
        #expect(text.contains("10 d"))
        #expect(!text.contains("-36"))
    }

    @Test func `of a right clock, and of an error that there is none of, nothing is told`() throws {
        let text = try table(
            takenAt: "2026-12-01T00:00:00Z", clock: #"{"state":"ok","skew_seconds":0.2,"advice":null}"#)
        #expect(!text.contains("clock"))
        #expect(!text.contains("          \n"))
        #expect(
            try table(takenAt: "2026-12-01T00:00:00Z", clock: "null", brokerError: #"{"detail":"refused"}"#)
                .contains("          refused\n"))
    }
}
