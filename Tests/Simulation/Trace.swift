import Lifecycle

/// The last lines of a course. Kept only while somebody wants to read them: building the text costs more than the
/// simulation itself.
struct Trace {
    private static let longest = 400
    private(set) var lines: [String] = []

    mutating func add(_ line: String) {
        lines.append(line)
        if lines.count > 2 * Self.longest { lines.removeFirst(Self.longest) }
    }

    var tail: ArraySlice<String> { lines.suffix(Self.longest) }
}

extension Input {
    /// In one short line.
    var brief: String {
        switch self {
        case .configured(let wanted, _): "configured \(wanted.count) certificates"
        case .recovered(let name, let found): "recovered \(name) \(found.brief)"
        case .lookUnanswered(let name): "look unanswered \(name)"
        case .looked(let name, let found): "looked \(name) \(found.brief)"
        case .attemptEnded(let name, .failed(let failure)):
            "attemptEnded \(name) failed \(failure.stage) \(failure.failureClass)"
                + (failure.isPossibleOrder ? " possible order" : "")
                + (failure.retryAfter.map { " retry after \($0)" } ?? "")
        case .attemptEnded(let name, .installed(let report)):
            "attemptEnded \(name) installed \(report.certificate.serial)\(report.wasCached ? " from the cache" : "")"
        case .brokerExchanged(let exchange): "brokerExchanged \(exchange.status ?? 0)"
        case .reloadEnded(let names, let outcome):
            "reloadEnded \(names) \(outcome == .succeeded ? "succeeded" : "failed")"
        default: "\(self)"
        }
    }
}

extension FoundCertificate {
    var brief: String {
        switch certificate {
        case .installed(let leaf):
            "\(leaf.serial) until \(leaf.notAfter) key \(key) lost \(lost.count) rebuildable \(rebuildable.count)"
        case .missing, .unreadable: "no certificate"
        }
    }
}
