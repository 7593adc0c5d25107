/// The faults that are switched on, and how often each will still strike.
public struct FaultPlan: Equatable, Sendable {
    /// What an order meets: the sum of all latencies, and the first other fault.
    public struct Strike: Equatable, Sendable {
        public var latency: Duration = .zero
        public var fault: LabFault?
    }

    private var specs: [FaultSpec]

    /// A plan in which earlier specs come first.
    public init(_ specs: [FaultSpec] = []) {
        self.specs = specs
    }

    /// Reads one spec a line; empty lines and those that begin with `#` are skipped. A line that is no spec is
    /// left out and its problem returned.
    public static func parse(_ text: String) -> (plan: FaultPlan, problems: [FaultSpecProblem]) {
        var specs: [FaultSpec] = []
        var problems: [FaultSpecProblem] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let spec = String(line.filter { !$0.isWhitespace })
            if spec.isEmpty || spec.hasPrefix("#") { continue }
            do throws(FaultSpecProblem) {
                specs.append(try FaultSpec(parsing: spec))
            } catch {
                problems.append(error)
            }
        }
        return (FaultPlan(specs), problems)
    }

    /// What the next order for `profile` meets; uses up the counts of what struck.
    public mutating func strike(_ profile: String) -> Strike {
        var strike = Strike()
        for index in specs.indices where specs[index].profile == nil || specs[index].profile == profile {
            if specs[index].count == 0 { continue }
            if case .latency(let duration) = specs[index].fault {
                strike.latency += duration
            } else if strike.fault == nil {
                strike.fault = specs[index].fault
            } else {
                continue
            }
            if let count = specs[index].count { specs[index].count = count - 1 }
        }
        return strike
    }
}
