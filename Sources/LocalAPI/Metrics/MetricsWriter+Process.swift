import Lifecycle
import POSIX

extension MetricsWriter {
    /// The API's own requests.
    mutating func counts(of counts: RequestCounters.Counts) {
        begin("certplane_api_requests_total", .counter, "Answers of the local API.")
        for (labels, count) in counts.requests { sample(count, labels) }
        histogram(
            "certplane_api_request_duration_seconds", "Time from a request's first byte to its answer.",
            counts.duration)
    }

    /// What all of Prometheus' client libraries tell of their process; what can't be read is left out.
    mutating func process(_ facts: ProcessFacts) {
        optional(
            "process_cpu_seconds_total", .counter, "User and system time of the process.",
            facts.cpuTime?.seconds)
        optional(
            "process_resident_memory_bytes", .gauge, "Resident memory.", facts.residentBytes.map(Double.init))
        optional(
            "process_virtual_memory_bytes", .gauge, "Virtual memory.", facts.virtualBytes.map(Double.init))
        optional("process_open_fds", .gauge, "Open file descriptors.", facts.openDescriptors.map(Double.init))
        optional(
            "process_max_fds", .gauge, "Most file descriptors that may be open.",
            facts.mostDescriptors.map(Double.init))
        optional(
            "process_start_time_seconds", .gauge, "Start of the process.", facts.startedAt?.seconds)
    }

    private mutating func optional(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        if let value { single(name, kind, help, value) }
    }
}
