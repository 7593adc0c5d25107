import FoundationEssentials
import POSIX
import TestSupport
import Testing

/// Debian's Prometheus, scraping one agent.
final class PrometheusProcess: Sendable {
    let process: RunningProcess
    private let url: String

    /// Starts it and waits until it is ready.
    init(_ scenario: Scenario, scraping port: UInt16) throws {
        let configuration = try scenario.scratch.write(
            "prometheus/prometheus.yml",
            """
            global: {scrape_interval: 500ms}
            scrape_configs:
              - job_name: certplane
                static_configs:
                  - targets: ["127.0.0.1:\(port)"]

            """)
        let address = "127.0.0.1:\(try FreePort.choose())"
        url = "http://\(address)"
        process = try scenario.start(
            "prometheus", Program.prometheus,
            [
                "--config.file=\(configuration)", "--web.listen-address=\(address)",
                "--storage.tsdb.path=\(scenario.scratch.path("prometheus/data"))", "--log.level=warn",
            ])
        try scenario.wait(until: "Prometheus to be ready") {
            if let end = process.end { throw Shortcoming("Prometheus ended: \(end)") }
            return try get("/-/ready").contains("Ready")
        }
    }

    /// The values of an expression, by the series' labels.
    func query(_ expression: String) throws -> [Sample] {
        let answer = try Shell.run(
            Program.curl,
            [
                "--silent", "--noproxy", "*", "--get", "--data-urlencode", "query=\(expression)",
                url + "/api/v1/query",
            ])
        return try JSONDecoder().decode(QueryAnswer.self, from: Data(answer.output.utf8)).data.result
    }

    struct Sample: Decodable {
        var metric: [String: String]
        var value: Value

        /// A pair of the time and the value as text.
        struct Value: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                _ = try pair.decode(Double.self)
                text = try pair.decode(String.self)
            }
        }
    }

    private struct QueryAnswer: Decodable {
        var data: Result

        struct Result: Decodable { var result: [Sample] }
    }

    private func get(_ path: String) throws -> String {
        try Shell.run(Program.curl, ["--silent", "--noproxy", "*", url + path]).output
    }
}
