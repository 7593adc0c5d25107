import HTTP
import Lifecycle
import LocalAPI

enum Document { case metrics, status }

/// Renders a document again and again, and tells its size, its steps, the rate of the fastest time and the longest step.
func render(_ document: Document, certificates: Int, times: Int) -> Int32 {
    let snapshot = Snapshot.sample(certificates)
    let clock = ContinuousClock()
    var best = Duration.seconds(1000)
    var longest = [Duration](repeating: .zero, count: times)
    var size = 0
    var steps = 0
    for round in 0..<times {
        var total = Duration.zero
        let step = { (advance: () -> Int?) in
            while true {
                let start = clock.now
                let done = advance()
                let took = clock.now - start
                steps += 1
                total += took
                longest[round] = max(longest[round], took)
                if let done { return done }
            }
        }
        switch document {
        case .metrics:
            var metrics = CertificateMetrics.document(snapshot.certificates)
            size = step { metrics.advance().map { $0.reduce(0) { $0 + $1.count } } }
        case .status:
            var status = JSONWriter.status(snapshot)
            size = step { status.advance().map { $0.reduce(0) { $0 + $1.count } } }
        }
        best = min(best, total)
    }
    let seconds = best / .seconds(1)
    // Of all rounds the one whose longest step was shortest: what else the machine does lengthens steps at random.
    let step = (longest.min() ?? .zero) / .milliseconds(1)
    print("bytes=\(size) steps=\(steps / times)")
    print("megabytes_per_second=\(Int(Double(size) / seconds / 1e6)) longest_step_ms=\(step)")
    return 0
}
