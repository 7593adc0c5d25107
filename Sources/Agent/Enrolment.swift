public import Configuration
import FoundationEssentials
public import Lifecycle
public import Log
import PKI
import POSIX
import Transfer

/// Obtains the machine's identity with the bootstrap token: once for each token, under a lock of its own, so that it
/// works beside a running agent.
public struct Enrolment: Sendable {
    private static let longestToken = 64 << 10

    private let settings: IdentitySettings
    private let state: StateDirectory
    private let installer: Installer
    private let log: Logger

    init(settings: IdentitySettings, state: StateDirectory, installer: Installer, log: Logger) {
        self.settings = settings
        self.state = state
        self.installer = installer
        self.log = log
    }

    /// For the command line, with a state directory and an installer of its own.
    public init(_ configuration: AgentConfiguration, log: Logger) throws(StartFailure) {
        self.init(
            settings: configuration.identity, state: try StateDirectory.prepared(configuration, log),
            installer: Installer(gate: Gate()), log: log)
    }

    /// Enrols. The token is deleted afterwards; when that fails it is emptied, and when that fails too the log says
    /// so loudly: the identity has been obtained all the same.
    public func run() throws(EnrolmentFailure) -> IdentityFacts {
        if case .usable(let identity) = IdentityFiles(settings).read(),
            identity.chain.leaf.notAfter >= Date.now
        {
            throw .alreadyEnrolled(identity.facts)
        }
        do {
            return try run(session: try Session(), stop: StopFlag())
        } catch let failure as RenewalFailure {
            throw .failed(failure)
        } catch {
            throw .failed(RenewalFailure(stage: .order, .caUnreachable, detail: "\(error)"))
        }
    }

    func run(session: Session, stop: StopFlag) throws(RenewalFailure) -> IdentityFacts {
        let lock: FileLock
        do { lock = try state.lock(.enrolling) } catch {
            throw RenewalFailure(
                stage: .key, .stateDirectoryFailed, detail: "another enrolment is under way: \(error)")
        }
        let token = try readToken()
        let authority = IdentityAuthority(
            settings: settings, stateDirectory: state.path, files: IdentityFiles(settings),
            installer: installer)
        let facts = try authority.enroll(token: token.text, session: session, stop: stop)
        remove(token)
        _ = consume lock
        return facts
    }

    private struct Token {
        let path: String
        let text: String
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
            throw RenewalFailure(stage: .key, .notEnrolled, detail: "the bootstrap token in \(path) is empty")
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw RenewalFailure(
                stage: .key, .tokenRefused,
                detail: "\(path) holds no token: a token is one line of letters and dots")
        }
        return Token(path: path, text: text)
    }

    private func remove(_ token: Token) {
        do throws(PathError) {
            let location = try SafePath.resolve(token.path)
            do {
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
