import Lifecycle

extension JSONWriter {
    mutating func members(of error: RecordedError) {
        time("at", error.at)
        members(of: error.failure)
    }

    /// Stage, class, what happened, and what a person should do.
    mutating func members(of failure: RenewalFailure) {
        string("stage", failure.stage.rawValue)
        string("class", failure.failureClass.rawValue)
        string("detail", failure.detail)
        string("advice", failure.advice)
        bool("transient", failure.isTransient)
        bool("possible_order", failure.isPossibleOrder)
        seconds("retry_after_seconds", failure.retryAfter)
    }
}
