/// What somebody outside asks of the engine.
public enum Command: Hashable, Sendable {
    case renew(CertificateName, RenewRequest)
    /// Run the reload command now, pending or not.
    case reload(CertificateName)
    /// Read the configuration again.
    case reloadConfiguration
}

/// What became of a command at the door. The outcome shows in the snapshot under the same id.
public enum CommandReceipt: Hashable, Sendable {
    /// `joined`: another request for the same is already waiting or running, and `RenewalID` names that one.
    case accepted(RenewalID, joined: Bool)
    case unknownCertificate
    /// The order budget of the certificate is spent; an order is possible again after this time.
    case overBudget(retryAfter: Duration)
    case stopping
}

/// Takes commands for the engine, from any thread, without waiting.
public protocol CommandSink: Sendable {
    func submit(_ command: Command) -> CommandReceipt
}

/// Shows the newest published snapshot, to any thread, without waiting.
public protocol StatusBoard: Sendable {
    func current() -> Snapshot
    /// From now on `wake` is called after each new snapshot, on the thread that published it: it must not wait.
    func whenPublished(_ wake: @escaping @Sendable () -> Void)
}

/// How long ago each loop of the process last came round.
public protocol Progress: Sendable {
    /// For how many nanoseconds each of them has not come round.
    func rests() -> (engine: Int64, api: Int64)
}
