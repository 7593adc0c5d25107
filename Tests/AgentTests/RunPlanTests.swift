import Configuration
import Foundation
import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import Agent

/// What `plan` says of a host of the lab.
@Suite struct RunPlanTests {
    private let host: LabHost
    private let name: CertificateName

    init() throws {
        host = try LabHost()
        name = try host.certificate().name
    }

    private func plan() -> RunPlan {
        RunPlan(LoadedConfiguration(path: "/agent.yml", hash: "", settings: host.settings))
    }

    private func certificate() throws -> RunPlan.Certificate { try required(plan().certificates.first) }

    private func store(_ change: (inout CertificateRecord) -> Void) throws {
        var record = CertificateRecord()
        change(&record)
        try StateStore(directory: host.state, log: host.log).store(record, for: name)
    }

    /// Every path below the scratch directory with what `stat` says of it.
    private func everything() throws -> [String: FileFingerprint] {
        var found: [String: FileFingerprint] = [:]
        let names = FileManager.default.enumerator(atPath: host.scratch.path)?.compactMap { $0 as? String }
        for name in try required(names) { found[name] = FileFingerprint(of: host.scratch.path(name)) }
        return found
    }

    @Test func `before enrolment the token would be used, and the certificate waits`() throws {
        let plan = plan()
        #expect(plan.identity.action == .enroll)
        #expect(plan.identity.status.state == .notEnrolled)
        #expect(plan.certificates.map(\.action) == [.wait])
        #expect(plan.certificates.first?.why.contains("waits for a valid identity") == true)
        try Directory.open(host.scratch.path("lab")).unlink("bootstrap-token")
        #expect(self.plan().identity.action == .wait)
        #expect(self.plan().identity.advice?.contains("certplane-agent enroll") == true)
    }

    @Test func `what is missing would be ordered, what is installed would not`() async throws {
        _ = try await host.enroll().get()
        #expect(plan().identity.action == .nothing)
        #expect(try certificate().action == .order)
        #expect(try certificate().why == RenewalReason.missing.explanation)
        _ = try required(try await host.attempt().report)
        #expect(try certificate().action == .nothing)
        #expect(try certificate().why.hasPrefix("due at "))
    }

    @Test func `what was found to be waiting at the last run waits`() async throws {
        _ = try await host.enroll().get()
        try store {
            $0.consecutiveFailures = 1
            $0.lastError = RecordedError(
                failure: RenewalFailure(stage: .order, .forbidden, detail: "403"), at: .now)
            $0.nextAttemptAt = .now + 600
        }
        let planned = try certificate()
        #expect(planned.action == .wait)
        #expect(planned.why.contains("forbidden"))
        #expect(planned.advice == FailureClass.forbidden.advice)
        try store { $0.request = RenewRequest() }
        #expect(try certificate().action == .order)
    }

    @Test func `an order that was cut off under another name is waited for, as a run would`() async throws {
        _ = try await host.enroll().get()
        var record = CertificateRecord()
        record.attemptUnderWaySince = Date.now
        let earlier = try CertificateName(validating: "earlier")
        try StateStore(directory: host.state, log: host.log).store(record, for: earlier)
        #expect(try certificate().action == .wait)
        #expect(try certificate().why.contains("may still be working"))
    }

    @Test func `what can be rebuilt would be, and a reload that is owed would run`() async throws {
        _ = try await host.enroll().get()
        let report = try required(try await host.attempt().report)
        let outputs = try host.certificate().outputs
        let folder = try Directory.open(String(outputs.chain.dropLast("/chain.pem".count)))
        try folder.unlink("chain.pem")
        let planned = try certificate()
        #expect(planned.action == .rebuild)
        #expect(planned.why.contains("chain can be restored"))

        var settings = host.settings
        settings.certificates[0].reload = ReloadSetting(command: "true")
        _ = try Installer(gate: ReloadGate(), journal: InstallJournal(host.state), log: host.log).rebuild(
            [.chain], of: host.certificate())
        try store {
            $0.reloadedSerial = report.certificate.serial
            $0.reload = ReloadDebt(since: .now - 60)
        }
        let plan = RunPlan(LoadedConfiguration(path: "/agent.yml", hash: "", settings: settings))
        #expect(plan.certificates.map(\.action) == [.reload])
    }

    @Test func `an install that was interrupted is told, and a damaged state`() throws {
        try host.scratch.write("lab/agent/journal/odd", "{}", mode: 0o600)
        try host.scratch.write("lab/agent/state/\(name.fileName).json", "not JSON", mode: 0o600)
        let notes = plan().notes
        #expect(notes.contains { $0.contains("interrupted would be finished or undone first") })
        #expect(notes.contains { $0.contains("'\(name)' can't be read") })
    }

    @Test func `nothing is written, locked or changed`() async throws {
        _ = try await host.enroll().get()
        _ = try required(try await host.attempt().report)
        let lock = try host.state.lock(.running)
        let before = try everything()
        #expect(before.count > 10)
        _ = plan()
        #expect(try everything() == before)
        withExtendedLifetime(lock) {}

        var settings = host.settings
        settings.stateDirectory = host.scratch.path("none")
        let plan = RunPlan(LoadedConfiguration(path: "/agent.yml", hash: "", settings: settings))
        #expect(plan.notes.isEmpty)
        #expect(try File.status(host.scratch.path("none")) == nil)
    }
}
