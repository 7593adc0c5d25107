/// One fault as the command line or the `faults` file asks for it: `name[:arg][@profile][xCOUNT]`.
public struct FaultSpec: Equatable, Sendable {
    /// What goes wrong.
    public var fault: LabFault
    /// The only profile it strikes; nil for all.
    public var profile: String?
    /// How many orders it strikes; nil for all.
    public var count: Int?

    /// A fault for every order, or for one profile, or for the next `count` orders.
    public init(_ fault: LabFault, profile: String? = nil, count: Int? = nil) {
        self.fault = fault
        self.profile = profile
        self.count = count
    }

    /// Reads one spec. A trailing `x` with digits is the count, so a profile that itself ends so needs one.
    public init(parsing text: String) throws(FaultSpecProblem) {
        var rest = Substring(text)
        if let mark = rest.lastIndex(of: "x"), let count = Int(rest[rest.index(after: mark)...]) {
            guard count > 0 else { throw .notACount(text) }
            self.count = count
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: "@") {
            let profile = String(rest[rest.index(after: mark)...])
            guard !profile.isEmpty else { throw .emptyProfile(text) }
            self.profile = profile
            rest = rest[..<mark]
        }
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        fault = try LabFault(name: parts[0], argument: parts.count > 1 ? parts[1] : nil)
    }
}

/// Why a fault spec is not one.
public enum FaultSpecProblem: Error, Equatable, CustomStringConvertible {
    case unknown(String)
    case argumentMissing(String)
    case noArgument(String)
    case notADuration(String, String)
    case notACount(String)
    case emptyProfile(String)

    /// One line for the terminal or the log.
    public var description: String {
        switch self {
        case .unknown(let name): "unknown fault \"\(name)\"; `certplane-broker help lab` lists them"
        case .argumentMissing(let name): "fault \"\(name)\" needs a duration, for example \(name):30s"
        case .noArgument(let name): "fault \"\(name)\" takes no argument"
        case .notADuration(let name, let text): "fault \"\(name)\": \"\(text)\" is not a duration"
        case .notACount(let text): "fault \"\(text)\": the count after x is at least 1"
        case .emptyProfile(let text): "fault \"\(text)\": no profile after @"
        }
    }
}
