import Lifecycle
import POSIX

/// What is known of files that certificates share, without anybody waiting for long: to find out takes a look at every
/// directory, and one that hangs must hold up nobody but its own certificate.
final class SharedFilesSurvey: Sendable {
    private struct State: Sendable {
        var certificates: [ManagedCertificate]
        var reserved: [SharedFiles.Reserved]
        /// Counts the configurations.
        var generation = 0
        var files: SharedFiles?
        /// When it was begun, on the boottime clock.
        var begunAt = Duration.zero
        var isUnderWay = false
    }

    private static let life = Duration.seconds(60)

    private let state: Monitor<State>
    private let longestWait: Duration
    private let look: Look

    typealias Look = @Sendable ([ManagedCertificate], [SharedFiles.Reserved]) -> SharedFiles

    init(
        _ certificates: [ManagedCertificate], besides reserved: [SharedFiles.Reserved] = [],
        longestWait: Duration = .seconds(2), look: @escaping Look = SharedFiles.init(among:besides:)
    ) {
        state = Monitor(State(certificates: certificates, reserved: reserved))
        self.longestWait = longestWait
        self.look = look
    }

    /// Never waits.
    func adopt(_ certificates: [ManagedCertificate], besides reserved: [SharedFiles.Reserved] = []) {
        state.change { state in
            state.certificates = certificates
            state.reserved = reserved
            state.generation += 1
            state.files = nil
            // One that hangs in a directory of the old configuration is not waited for.
            state.isUnderWay = false
        }
    }

    /// The file that somebody else has too, as it is now; while that can't be found out, as it was when it could.
    func clash(of name: CertificateName) -> SharedFiles.Clash? {
        let now = Clock.boottime()
        guard files(since: now - Self.life)?[name] != nil else { return nil }
        // Before anybody is refused: it may have been mended.
        return files(since: now)?[name]
    }

    private func files(since earliest: Duration) -> SharedFiles? {
        let deadline = Clock.boottime() + longestWait
        let found = state.wait(until: deadline) { state -> SharedFiles? in
            if let files = state.files, state.begunAt >= earliest { return files }
            if !state.isUnderWay { begin(&state) }
            return nil
        }
        return found ?? state.change { $0.files }
    }

    /// On a thread of its own, which goes by itself.
    private func begin(_ state: inout State) {
        let (certificates, reserved) = (state.certificates, state.reserved)
        let (generation, begunAt) = (state.generation, Clock.boottime())
        // Without a thread the next one tries.
        state.isUnderWay =
            (try? Worker(name: "shared files") { [self] in
                let files = look(certificates, reserved)
                // What the places of ten thousand certificates took.
                ProcessMemory.giveBack()
                self.state.change { state in
                    guard state.generation == generation else { return }
                    state.files = files
                    state.begunAt = begunAt
                    state.isUnderWay = false
                }
            }) != nil
    }
}
