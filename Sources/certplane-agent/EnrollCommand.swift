import Agent
import Configuration
import FoundationEssentials
import Lifecycle
import Log
import Notation
import POSIX

/// `enroll`: obtains the identity, and tells the result in one line.
struct EnrollCommand {
    let configurationPath: String

    func run() throws(CommandFailure) {
        let settings = try ConfigurationFile(path: configurationPath).loadForCommand().settings
        let enrolment: Enrolment
        do { enrolment = try Enrolment(settings, log: Logger(settings.logging)) } catch {
            throw CommandFailure(error)
        }
        let facts: IdentityFacts
        do { facts = try enrolment.run() } catch { throw CommandFailure(error) }
        StandardStream.output.write(
            "Enrolled as \(facts.name), serial \(facts.serial), valid until \(facts.notAfter.rfc3339).\n"
        )
    }
}

extension CommandFailure {
    init(_ failure: EnrolmentFailure) {
        switch failure {
        case .alreadyEnrolled(let facts):
            self.init(
                code: .failure,
                message:
                    "there is a valid identity already: \(facts.name), until \(facts.notAfter.rfc3339)",
                advice: [
                    "Nothing was changed, and the token was not used.",
                    "To replace it, remove its files first.",
                ])
        case .failed(let failure):
            self.init(
                code: failure.failureClass == .identityBusy ? .lockedByAnotherAgent : .failure,
                message: "enrolment failed (\(failure.failureClass.rawValue)): \(failure.detail)",
                advice: [failure.advice])
        }
    }
}
