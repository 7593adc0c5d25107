public import Configuration
import FoundationEssentials
public import Lifecycle
public import Log
import PKI
import POSIX
import Transfer

/// Obtains the machine's identity with the bootstrap token: once for each token, under an ``IdentityClaim``, so that it
/// works beside a running agent.
public struct Enrolment: Sendable {
    private static let longestToken = 64 << 10

    private let settings: IdentitySettings
    private let state: StateDirectory
    private let installer: Installer
    private let log: Logger
    private let clock: JudgedClock
    private let seam: InstallSeam

    init(
        settings: IdentitySettings, state: StateDirectory, installer: Installer,
        clock: JudgedClock = JudgedClock(),
        log: Logger, seam: InstallSeam = .none
    ) {
        self.seam = seam
        self.clock = clock
        self.settings = settings
        self.state = state
        self.installer = installer
        self.log = log
    }

    /// For the command line, with a state directory and an installer of its own.
    public init(_ configuration: AgentConfiguration, log: Logger) throws(StartFailure) {
        let state = try StateDirectory.prepared(configuration, log)
        self.init(
            settings: configuration.identity, state: state,
            installer: Installer(gate: ReloadGate(), journal: InstallJournal(state), log: log), log: log)
    }

    /// Enrols. The token is deleted afterwards; when that fails it is emptied, and when that fails too the log says
    /// so loudly: the identity has been obtained all the same.
    public func run() throws(EnrolmentFailure) -> IdentityFacts {
        let outcome: Outcome
        do throws(RenewalFailure) {
            outcome = try run(session: try Self.session(), stop: StopFlag())
        } catch {
            throw .failed(error)
        }
        switch outcome {
        case .enrolled(let facts): return facts
        case .wasEnrolled(let facts): throw .alreadyEnrolled(facts)
        }
    }

    enum Outcome {
        case enrolled(IdentityFacts)
        /// There was a valid identity, from another hand perhaps; the token has not been used.
        case wasEnrolled(IdentityFacts)

        var facts: IdentityFacts {
            switch self {
            case .enrolled(let facts), .wasEnrolled(let facts): facts
            }
        }
    }

    func run(session: Session, stop: StopFlag) throws(RenewalFailure) -> Outcome {
        let claim = try IdentityClaim.take(settings, in: state, log: log)
        let files = IdentityFiles(settings)
        if case .usable(let identity) = files.read(), identity.chain.leaf.notAfter >= clock.now {
            return .wasEnrolled(identity.facts)
        }
        let token = try readToken()
        let authority = IdentityAuthority(
            settings: settings, state: state, files: files, installer: installer, clock: clock, log: log)
        let facts = try authority.enroll(token: token.secret, session: session, stop: stop)
        remove(token)
        _ = consume claim
        return .enrolled(facts)
    }

    private static func session() throws(RenewalFailure) -> Session {
        do { return try Session() } catch {
            throw RenewalFailure(stage: .order, FailureClass(stepCA: error), detail: error.message)
        }
    }

    private struct Token {
        let path: String
        let secret: StepCAToken
    }

    private func readToken() throws(RenewalFailure) -> Token {
        guard let path = settings.bootstrapTokenPath else {
            throw RenewalFailure(
                stage: .key, .notEnrolled, detail: "identity.bootstrap_token is not configured")
        }
        let bytes: [UInt8]
        do { bytes = try File.read(path, limit: Self.longestToken) } catch {
            throw RenewalFailure(
                stage: .key, .notEnrolled, detail: "the bootstrap token can't be read: \(error)")
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmed
        guard !text.isEmpty else {
            throw RenewalFailure(
                stage: .key, .notEnrolled, detail: "the bootstrap token in \(path) is empty",
                isTransient: false)
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw RenewalFailure(
                stage: .key, .tokenRefused,
                detail: "\(path) holds no token: a token is one line of letters and dots")
        }
        return Token(path: path, secret: StepCAToken(text))
    }

    private func remove(_ token: Token) {
        do throws(PathError) {
            let location = try SafePath.resolve(token.path)
            do {
                try seam.permit(.unlink, location.path)
                try location.directory.unlink(location.name)
            } catch {
                try emptied(location, after: error)
            }
        } catch {
            log.error(
                "the spent bootstrap token could not be removed",
                [
                    "path": .string(token.path), "error": .string("\(error)"),
                    "advice": "Remove the file by hand. It can't be used again, but it shouldn't lie around.",
                ])
        }
    }

    private func emptied(_ location: borrowing SafeLocation, after error: SystemError) throws(PathError) {
        do {
            try seam.permit(.write, location.path)
            try location.directory.openFile(location.name, for: .write).truncate()
        } catch {
            throw .system(error)
        }
        log.warn(
            "the spent bootstrap token could not be deleted and was emptied instead",
            ["path": .string(location.path), "error": .string("\(error)")])
    }
}

public enum EnrolmentFailure: Error {
    /// Nothing was done: there is a valid identity.
    case alreadyEnrolled(IdentityFacts)
    case failed(RenewalFailure)
}
