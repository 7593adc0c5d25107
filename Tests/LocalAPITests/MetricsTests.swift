import Foundation
import HTTP
@testable import HTTPServer
import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import LocalAPI

@Suite struct MetricsTests {
    /// Everything that doesn't change by itself.
    static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Vectors/metrics.golden")

    private func scrape(_ api: TestAPI) throws -> [String] {
        let response = try api.get("/metrics")
        #expect(response.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        return response.text.split(separator: "\n").map(String.init)
    }

    @Test func `the series are these, with these values`() throws {
        let certificates = [
            CertificateStatus.fixture("mail") {
                $0.state = .missing
                $0.installed = nil
                $0.window = nil
                $0.nextRenewalAt = nil
                $0.lastSuccessAt = nil
                $0.consecutiveFailures = 3
                $0.reload.pendingSince = TestAPI.now - 60
                $0.renewals = ResultCounts(succeeded: 1, failed: 3, unchanged: 2)
                $0.served = ServedStatus()
            },
            .fixture("www"),
        ]
        let lines = try scrape(TestAPI(.fixture(certificates)))
        let process = try #require(lines.firstIndex { $0.hasPrefix("# HELP process_") })
        let text = lines[..<process].joined(separator: "\n") + "\n"
        #expect(text == (try String(contentsOf: Self.golden, encoding: .utf8)))
        for name in ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "start_time_seconds"] {
            #expect(lines.contains { $0.hasPrefix("process_\(name) ") })
        }
    }

    @Test func `promtool finds nothing`() async throws {
        let api = try TestAPI(
            .fixture(awkwardNames.map { CertificateStatus.fixture($0) { $0.served = ServedStatus() } }))
        let text = try api.get("/metrics").bodyBytes
        let (code, output) = try await onThread {
            try run("/usr/bin/promtool", ["check", "metrics"], input: Data(text))
        }
        #expect(code == 0, "\(output)")
        #expect(output.isEmpty, "\(output)")
    }

    @Test func `no series comes twice, and families stand together`() throws {
        let api = try TestAPI(.fixture(awkwardNames.map { CertificateStatus.fixture($0) }))
        _ = try api.get("/nowhere")
        let lines = try scrape(api)
        let series = lines.filter { !$0.hasPrefix("#") }.map {
            $0.prefix(upTo: $0.lastIndex(of: " ") ?? $0.endIndex)
        }
        #expect(Set(series).count == series.count)
        let families = lines.filter { $0.hasPrefix("# TYPE ") }
        #expect(Set(families).count == families.count)
        #expect(lines.filter { $0.hasPrefix("# HELP ") }.count == families.count)
    }

    @Test func `the three escapes of a label`() {
        var writer = MetricsWriter()
        writer.begin("x", .gauge, "X.")
        writer.sample(1, ["a": "q\"b\\n\nü{}"])
        #expect(String(decoding: writer.bytes, as: UTF8.self).hasSuffix("x{a=\"q\\\"b\\\\n\\nü{}\"} 1\n"))
    }

    @Test func `a host without certificates has its families`() throws {
        let lines = try scrape(TestAPI(.fixture([])))
        #expect(lines.contains("# TYPE certplane_certificate_renewals_total counter"))
        #expect(!lines.contains { $0.contains("certificate=\"") })
    }

    @Test func `a scrape tells what has happened since the one before`() throws {
        let api = try TestAPI()
        func told(_ start: String) throws -> String? {
            try scrape(api).first { $0.hasPrefix(start + " ") }.map { String($0.dropFirst(start.count + 1)) }
        }
        func count(_ path: String, _ status: HTTP.Status) throws {
            api.handler.answered(
                AnsweredExchange(status: status, tag: nil, bodyBytes: 0, nanoseconds: 1),
                to: try Request(.get, path))
        }
        let usual = #"certplane_api_requests_total{route="/healthz",method="GET",code="200"}"#
        let unusual = #"certplane_api_requests_total{route="/healthz",method="GET",code="503"}"#
        let tick = "certplane_engine_last_tick_timestamp_seconds"
        #expect(try told(usual) == "0")
        #expect(try told(unusual) == nil)
        #expect(try told(tick) == "1799999999")
        for _ in 0..<2 {
            try count("/healthz", .ok)
            try count("/healthz", .serviceUnavailable)
        }
        api.board.publish(.fixture { agent, _, _ in agent.lastTickAt = TestAPI.now + 5 })
        #expect(try told(usual) == "2")
        #expect(try told(unusual) == "2")
        #expect(try told(tick) == "1800000005")
    }

    @Test func `requests are counted under labels that no client can make up`() throws {
        let api = try TestAPI()
        func answer(_ request: Request?, _ status: HTTP.Status) {
            api.handler.answered(
                AnsweredExchange(status: status, tag: nil, bodyBytes: 0, nanoseconds: 3_000_000),
                to: request)
        }
        answer(try Request(.get, "/healthz"), .ok)
        answer(try Request(.get, "/healthz?x=1"), .badRequest)
        for number in 0..<50 {
            answer(try Request(.get, "/v1/certificates/x\(number)"), .notFound)
            answer(try Request(.get, "/made/up/\(number)"), .notFound)
            answer(try Request(.other("M\(number)"), "/healthz"), .methodNotAllowed)
        }
        answer(nil, .badRequest)
        let lines = try scrape(api)
        func count(_ labels: String) -> String? {
            let start = "certplane_api_requests_total{\(labels)} "
            return lines.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
        }
        #expect(count(#"route="/healthz",method="GET",code="200""#) == "1")
        #expect(count(#"route="/healthz",method="GET",code="400""#) == "1")
        #expect(count(#"route="/v1/certificates/{name}",method="GET",code="404""#) == "50")
        #expect(count(#"route="unmatched",method="GET",code="404""#) == "50")
        #expect(count(#"route="/healthz",method="other",code="405""#) == "50")
        #expect(count(#"route="unparsed",method="other",code="400""#) == "1")
        #expect(count(#"route="/v1/certificates/{name}/renew",method="POST",code="202""#) == "0")
        #expect(lines.contains(#"certplane_api_request_duration_seconds_bucket{le="0.0025"} 0"#))
        #expect(lines.contains(#"certplane_api_request_duration_seconds_bucket{le="0.005"} 153"#))
        #expect(lines.contains("certplane_api_request_duration_seconds_count 153"))
    }
}
