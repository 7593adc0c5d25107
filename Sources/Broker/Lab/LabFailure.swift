/// Why a lab can't start.
public struct LabFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What went wrong and where, for the terminal.
    public var description: String

    init(_ what: String, _ error: any Error) {
        description = "\(what): \(error)"
    }
}
