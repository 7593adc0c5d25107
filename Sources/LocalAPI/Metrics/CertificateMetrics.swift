package import Lifecycle

/// All series that carry the labels `certificate` and `profile`, for as many certificates as a host may have. What
/// is said of each is gathered once, in rows without references, and then written family by family.
package struct CertificateMetrics: DocumentWriter {
    package var bytes: [UInt8] = []
    private var rows: [Row] = []
    /// The labels of all rows up to where further ones may follow, one behind the other.
    private var labels: [UInt8] = []
    private var family: [UInt8] = []

    /// The numbers of one certificate.
    private struct Row {
        var labelStart: Int
        var labelEnd = 0
        var gauges: [9 of Double] = .init(repeating: 0)
        var state: CertificateState
        var renewals: ResultCounts
        var reloads: ResultCounts
        var servedMatches: Bool?
    }

    /// The document about `certificates`, of which nothing is written yet.
    package static func document(_ certificates: CertificateList) -> SlicedDocument<CertificateMetrics> {
        typealias Section = SlicedDocument<CertificateMetrics>.Section
        var sections = [
            Section(begin: { $0.rows.reserveCapacity(certificates.count) }) { $0.gather(certificates[$1]) }
        ]
        for (place, gauge) in CertificateGauge.all.enumerated() {
            sections.append(
                Section(begin: { $0.begin(gauge.name, .gauge, gauge.help) }) { writer, row in
                    writer.sample(row, plainTail, writer.rows[row].gauges[place])
                })
        }
        sections.append(
            Section(begin: {
                $0.begin(
                    "certplane_certificate_status", .gauge,
                    "The current state: one series per certificate, always 1.")
            }) { $0.state($1) })
        sections.append(
            Section(begin: {
                $0.begin("certplane_certificate_renewals_total", .counter, "Renewals that ended, by result.")
            }) { writer, row in
                let counts = writer.rows[row].renewals
                writer.sample(row, succeededTail, Double(counts.succeeded))
                writer.sample(row, unchangedTail, Double(counts.unchanged))
                writer.sample(row, failedTail, Double(counts.failed))
            })
        sections.append(
            Section(begin: {
                $0.begin(
                    "certplane_certificate_reloads_total", .counter, "Runs of the reload command, by result.")
            }) { writer, row in
                let counts = writer.rows[row].reloads
                writer.sample(row, succeededTail, Double(counts.succeeded))
                writer.sample(row, failedTail, Double(counts.failed))
            })
        sections.append(
            Section(begin: {
                $0.begin(
                    "certplane_certificate_served_match", .gauge,
                    "Whether the certificate on disk is what is served.")
            }) { writer, row in
                // Only where `verify` is configured; 0 until the certificate on disk was seen to be served.
                if let matches = writer.rows[row].servedMatches {
                    writer.sample(row, plainTail, matches ? 1 : 0)
                }
            })
        return SlicedDocument(CertificateMetrics(), about: certificates.count, sections)
    }

    private mutating func gather(_ status: CertificateStatus) {
        var row = Row(
            labelStart: labels.count, state: status.state, renewals: status.renewals,
            reloads: status.reloads, servedMatches: status.servedMatches)
        let names: MetricLabels = ["certificate": status.name.text, "profile": status.wanted.profile]
        labels.append(contentsOf: names.bytes)
        row.labelEnd = labels.count
        for (place, gauge) in CertificateGauge.all.enumerated() { row.gauges[place] = gauge.value(status) }
        rows.append(row)
    }

    private mutating func begin(_ name: String, _ kind: MetricsWriter.Kind, _ help: String) {
        family = Array(name.utf8)
        bytes.append(text: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
    }

    private mutating func sample(_ row: Int, _ tail: [UInt8], _ value: Double) {
        bytes.append(contentsOf: family)
        bytes.append(contentsOf: labels[rows[row].labelStart..<rows[row].labelEnd])
        bytes.append(contentsOf: tail)
        bytes.append(metric: value)
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func state(_ row: Int) {
        bytes.append(contentsOf: family)
        bytes.append(contentsOf: labels[rows[row].labelStart..<rows[row].labelEnd])
        bytes.append(text: ",state=\"")
        bytes.append(text: rows[row].state.rawValue)
        bytes.append(text: "\"} 1\n")
    }

    private static let plainTail = Array("} ".utf8)
    private static let succeededTail = Array(",result=\"succeeded\"} ".utf8)
    private static let unchangedTail = Array(",result=\"unchanged\"} ".utf8)
    private static let failedTail = Array(",result=\"failed\"} ".utf8)
}
