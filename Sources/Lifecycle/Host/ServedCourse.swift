import FoundationEssentials

/// What is known of the certificate that a service serves, and when it is looked at next.
struct ServedCourse: Sendable {
    var isLooking = false
    /// The look under way is at a service that is of no interest any more.
    var isLookingElsewhere = false
    /// The run of the reload command is over, and whether it was of use shows in what is served: so long took the run.
    var reloadTook: Duration?
    var nextLookAt: Duration?
    var observation: ServedObservation?
    var observedAt: Date?
    /// Since when it is so.
    var since: Date?

    /// Another service is to be looked at. A look under way still ends, and with it the reload that waits for it.
    mutating func turnElsewhere() {
        isLookingElsewhere = isLooking
        nextLookAt = nil
        observation = nil
        observedAt = nil
        since = nil
    }

    /// Takes a judgement in; returns whether it is another one than before.
    mutating func take(_ observation: ServedObservation, at now: Date) -> Bool {
        let isNews = observation.kind != self.observation?.kind
        if isNews { since = now }
        self.observation = observation
        observedAt = now
        return isNews
    }
}

extension ServedObservation {
    fileprivate enum Kind { case matches, differs, unreachable, stopped }

    fileprivate var kind: Kind {
        switch self {
        case .matches: .matches
        case .differs: .differs
        case .unreachable: .unreachable
        case .stopped: .stopped
        }
    }
}
