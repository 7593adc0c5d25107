import FoundationEssentials
import Lifecycle
import POSIX

/// What the engine can do to the world. The state machine decides, the engine's thread orders the work, these hands
/// do it: the real ones (`HostHands`), or scripted ones in tests.
///
/// The quick ones are called on the engine's thread, the slow ones on workers.
protocol EngineHands: Sendable {
    // Quick: a few system calls.

    func lookAtIdentity() -> FoundIdentity
    /// A broker has accepted the identity: the one before need not be kept.
    func forgetPreviousIdentity()
    /// From now on validity is judged by a clock that read this at boottime zero; nil for the wall clock.
    func countTime(from start: Date?)
    /// Why nothing is installed for want of knowing what was decided before; nil while the journal has been read.
    var unreadJournal: UnreadJournal? { get }
    /// Some install's journal entry stays open, and nobody is at work on it.
    var hasStuckInstalls: Bool { get }
    /// Takes the record on to be stored, without waiting for that. True when `keepRecords` has to run for it.
    func persist(_ record: CertificateRecord, of name: CertificateName) -> Bool
    /// What could not be stored is to be tried again. Answers like `persist`.
    func retryRecords() -> Bool
    /// What could not be stored yet; nil while everything is.
    var unstored: UnstoredState? { get }
    /// What is kept of a certificate that has long been managed no more is to be removed; its outputs stay. Answers like
    /// `persist`.
    func forget(_ name: CertificateName) -> Bool
    /// Something was read that the next process should know.
    var hasNewFacts: Bool { get }
    /// Does everything that is begun from now on by the new configuration.
    func adopt(_ change: ConfigurationChange)

    // Slow: they block, with deadlines of their own, and end early when `stop` asks for it.

    /// Tries again to finish installs whose journal entry stays open, those that got stuck among them, but none that another
    /// thread is at work on; the certificates whose files may have changed by that.
    func retryStuckInstalls() -> [CertificateName]
    /// Reads what changed since the last look; a few system calls where nothing has.
    func look(at certificate: ManagedCertificate) -> FoundCertificate
    /// Stores what was taken on, until nothing is left; what can't be stored is said in the log.
    func keepRecords()
    /// Returns when what was taken on before for these certificates is stored; false if the disk has refused some of it.
    func settleRecords(of names: [CertificateName]) -> Bool
    /// Stores for the next process what was read of the certificates.
    func rememberFacts()
    func attempt(
        _ plan: AttemptPlan, in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> AttemptOutcome
    func rebuild(_ outputs: Set<Output>, of certificate: ManagedCertificate) -> RenewalFailure?
    func reload(_ plan: ReloadPlan, stop: StopSignal) -> ReloadOutcome
    func verify(_ plan: VerifyPlan, stop: StopSignal) -> ServedObservation
    func renewIdentity(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome
    /// Asks the brokers in order until one answers, and counts each request.
    func askTime(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal,
        told: @escaping @Sendable (Input) -> Void
    ) -> TimeAnswer
    /// Puts the identity before back if one of the brokers accepts it.
    func restoreIdentity(
        _ brokers: [BrokerAddress], in context: WorkerContext, stop: StopSignal
    ) -> IdentityRenewalOutcome
    func enroll(in context: WorkerContext, stop: StopSignal) -> IdentityRenewalOutcome
    /// Reads the configuration file again, and says in the log what is wrong with it.
    func readConfiguration() -> ConfigurationReading
}
