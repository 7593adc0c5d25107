import FoundationEssentials
import Lifecycle

/// Writes Prometheus' text format 0.0.4 straight into bytes. A family is begun once, and its samples follow.
struct MetricsWriter: DocumentWriter {
    enum Kind: String {
        case counter, gauge, histogram
    }

    var bytes: [UInt8] = []
    private var family: [UInt8] = []

    /// `help` holds neither a backslash nor a line feed.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        family = Array(name.utf8)
        bytes.append(text: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    mutating func sample(_ value: Double, _ labels: MetricLabels = MetricLabels(), suffix: String = "") {
        bytes.append(contentsOf: family)
        bytes.append(text: suffix)
        bytes.append(contentsOf: labels.bytes)
        bytes.append(text: labels.bytes.isEmpty ? " " : "} ")
        bytes.append(metric: value)
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func sample(_ value: Int, _ labels: MetricLabels = MetricLabels(), suffix: String = "") {
        sample(Double(value), labels, suffix: suffix)
    }

    /// A family with one sample.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        sample(value)
    }

    /// Cumulative buckets, sum and count.
    mutating func histogram(_ name: String, _ help: String, _ histogram: DurationHistogram) {
        begin(name, .histogram, help)
        var cumulative = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            cumulative += count
            sample(cumulative, ["le": "\(bound)"], suffix: "_bucket")
        }
        sample(histogram.count, ["le": "+Inf"], suffix: "_bucket")
        sample(histogram.sum, suffix: "_sum")
        sample(histogram.count, suffix: "_count")
    }
}

/// The labels of a sample, rendered up to their closing brace so that further ones can follow.
struct MetricLabels: ExpressibleByDictionaryLiteral {
    private(set) var bytes: [UInt8] = []

    init(dictionaryLiteral labels: (String, String)...) {
        for (name, value) in labels { append(name, value) }
    }

    func with(_ name: String, _ value: String) -> MetricLabels {
        var labels = self
        labels.append(name, value)
        return labels
    }

    /// The three escapes of the format.
    private mutating func append(_ name: String, _ value: String) {
        bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
        bytes.append(text: name)
        bytes.append(text: "=\"")
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(text: "\\\\")
            case UInt8(ascii: "\""): bytes.append(text: "\\\"")
            case 0x0A: bytes.append(text: "\\n")
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension [UInt8] {
    mutating func append(metric value: Double) {
        if value.isFinite { append(number: value) } else { append(text: "NaN") }
    }
}

extension Date? {
    /// Seconds since 1970; 0 for what has not happened.
    var metricValue: Double { self?.timeIntervalSince1970 ?? 0 }
}
