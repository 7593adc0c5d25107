import Broker
import Configuration
import FoundationEssentials
import Lifecycle
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// A change of the host, and a finding that it must lead to.
struct Situation: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var severity: Finding.Severity
    var subject: String
    var message: String
    var settings: @Sendable (inout AgentConfiguration) -> Void = { _ in }
    var change: @Sendable (LabHost) throws -> Void = { _ in }
    var now: @Sendable (LabHost) throws -> Date = { _ in .now }
}

@Suite struct InspectionTests {
    private static func setMode(_ path: String, _ mode: FileMode) throws {
        try FileManager.default.setAttributes([.posixPermissions: Int(mode)], ofItemAtPath: path)
    }

    private static func findings(_ host: LabHost, now: Date = .now) -> [Finding] {
        Inspection(host.settings, now: now).findings()
    }

    @Test func `before enrolment nothing is a problem`() throws {
        let host = try LabHost()
        let findings = Self.findings(host)
        #expect(findings.allSatisfy { $0.severity == .ok || $0.severity == .notice }, "\(findings)")
        #expect(
            findings.contains {
                $0.severity == .notice && $0.subject == "identity" && $0.message.contains("bootstrap token")
            })
        #expect(findings.contains { $0.subject == "certificate www" && $0.message == "not issued yet" })
        #expect(try host.outputs().isEmpty)
    }

    @Test func `a host in order is all right, and online too`() async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        _ = try required(try await host.attempt().report)
        #expect(Self.findings(host).allSatisfy { $0.severity == .ok }, "\(Self.findings(host))")
        let settings = host.settings
        let online = try await onThread { Inspection(settings).onlineFindings() }
        #expect(online.map(\.severity) == [.ok, .ok])
        #expect(online.map(\.subject) == ["identity.step_ca", "broker"])
        host.lab.stop()
        let down = try await onThread { Inspection(settings).onlineFindings() }
        #expect(down.map(\.severity) == [.problem, .problem])
        #expect(down.allSatisfy { $0.advice != nil })
    }

    @Test func `online without an identity asks step-ca only`() async throws {
        let host = try LabHost()
        let settings = host.settings
        let online = try await onThread { Inspection(settings).onlineFindings() }
        #expect(online.map(\.severity) == [.ok, .notice])
    }

    @Test func `the moment of renewal is the one that the agent goes by`() async throws {
        let host = try LabHost(["--lifetime", "90d"])
        _ = try await host.enroll().get()
        let installed = try required(try await host.attempt().report).certificate
        let certificate = try host.certificate()
        let due = RenewalWindow(lifetime: installed.lifetime, renewBefore: certificate.renewBefore).dueAt(
            notAfter: installed.notAfter, lifetime: installed.lifetime, identity: "edge01.lab.test",
            name: certificate.name)
        #expect(
            Self.findings(host).contains { $0.message.contains("renewed from \(due.formatted(.iso8601))") })
    }

    static let situations: [Situation] = [
        Situation(
            testDescription: "a state directory that is not there", severity: .notice, subject: "state_dir",
            message: "does not exist yet", settings: { $0.stateDirectory += "-other" },
            change: { host in
                // The lab's host makes its own.
                try FileManager.default.removeItem(atPath: host.settings.stateDirectory)
            }),
        Situation(
            testDescription: "a state directory that is a file", severity: .problem, subject: "state_dir",
            message: "is not a directory", settings: { $0.stateDirectory += "-other" },
            change: { host in
                try FileManager.default.removeItem(atPath: host.settings.stateDirectory)
                try host.scratch.write("lab/agent-other", "")
            }),
        Situation(
            testDescription: "an open state directory", severity: .warning, subject: "state_dir",
            message: "open to other users",
            change: { try setMode($0.settings.stateDirectory, 0o755) }),
        Situation(
            testDescription: "a group of the socket that is not there", severity: .problem,
            subject: "api.socket_group", message: "there is no group",
            settings: { $0.api.socketGroup = "no-such-group" }),
        Situation(
            testDescription: "a socket in no directory", severity: .problem, subject: "api.socket",
            message: "there is no directory", settings: { $0.api.socketPath = "/nowhere/agent.sock" }),
        Situation(
            testDescription: "a socket where a file is", severity: .problem, subject: "api.socket",
            message: "is something else already", settings: { $0.api.socketPath = "/etc/passwd" }),
        Situation(
            testDescription: "no bundle", severity: .problem, subject: "broker.server_ca_bundle",
            message: "ENOENT", settings: { $0.broker.serverCABundlePath = "/nowhere/ca.pem" }),
        Situation(
            testDescription: "a bundle without certificates", severity: .problem,
            subject: "identity.issuer_ca_bundle", message: "no certificate in it",
            change: { try $0.scratch.write("lab/ca/agent-identity-ca-bundle.crt", "torn") }),
        Situation(
            testDescription: "a bundle of the past", severity: .problem,
            subject: "identity.step_ca.root_ca_bundle", message: "every certificate in",
            now: { _ in .now + 100 * 365 * 86_400 }),
        Situation(
            testDescription: "a bundle with an old certificate", severity: .warning,
            subject: "broker.server_ca_bundle", message: "has expired",
            change: { host in
                let past = try TestAuthority(named: "Past", now: .now - 20 * 365 * 86_400)
                let both =
                    try host.scratch.read("lab/ca/broker-server-ca-bundle.crt") + past.root.certificate.pem
                try host.scratch.write("lab/ca/broker-server-ca-bundle.crt", both)
            }),
        Situation(
            testDescription: "neither identity nor token", severity: .notice, subject: "identity",
            message: "not enrolled yet",
            change: { host in
                for name in ["identity.crt", "identity.key"] {
                    try Directory.open(host.settings.stateDirectory).unlink(name)
                }
            }),
        Situation(
            testDescription: "a key of another identity", severity: .problem, subject: "identity",
            message: "is not the key of",
            change: { host in
                let other = try TestAuthority().client("x.test")
                try host.scratch.write(
                    "lab/agent/identity.key", String(decoding: other.keyBytes, as: UTF8.self), mode: 0o600)
            }),
        Situation(
            testDescription: "an expired identity", severity: .problem, subject: "identity",
            message: "expired at", now: { _ in .now + 2 * 86_400 }),
        Situation(
            testDescription: "an open identity key", severity: .warning, subject: "identity.key",
            message: "has the mode 0644", change: { try setMode($0.settings.identity.keyPath, 0o644) }),
        Situation(
            testDescription: "an open service key", severity: .warning, subject: "certificate www key",
            message: "has the mode 0644",
            change: { try setMode($0.certificate().outputs.key, 0o644) }),
        Situation(
            testDescription: "an open combined file", severity: .warning,
            subject: "certificate www combined", message: "has the mode 0644",
            settings: { $0.certificates[0].outputs.combined = $0.certificates[0].outputs.key + ".all" },
            change: { try $0.scratch.write("lab/certs/www/privkey.pem.all", "", mode: 0o644) }),
        Situation(
            testDescription: "a certificate that doesn't parse", severity: .warning,
            subject: "certificate www", message: "the certificate file can't be read",
            change: { try $0.scratch.write("lab/certs/www/cert.pem", "torn") }),
        Situation(
            testDescription: "a key of another certificate", severity: .warning,
            subject: "certificate www", message: "the private key does not belong",
            change: { host in
                let other = try TestAuthority().client("x.test")
                try host.scratch.write(
                    "lab/certs/www/privkey.pem", String(decoding: other.keyBytes, as: UTF8.self),
                    mode: 0o600)
            }),
        Situation(
            testDescription: "an expired certificate", severity: .warning, subject: "certificate www",
            message: "expired at", now: { _ in .now + 91 * 86_400 }),
        Situation(
            testDescription: "an unknown owner", severity: .problem, subject: "certificate www",
            message: "there is no user",
            settings: { $0.certificates[0].ownership.owner = "nobody-of-that-name" }),
        Situation(
            testDescription: "an unknown group", severity: .problem, subject: "certificate www",
            message: "there is no group",
            settings: { $0.certificates[0].ownership.group = "nobody-of-that-name" }),
        Situation(
            testDescription: "a directory of outputs that is not there", severity: .notice,
            subject: "certificate www chain", message: "does not exist yet",
            settings: { $0.certificates[0].outputs.chain = $0.stateDirectory + "-none/chain.pem" }),
        Situation(
            testDescription: "an output that is a directory", severity: .problem,
            subject: "certificate www chain", message: "",
            settings: { $0.certificates[0].outputs.chain = $0.stateDirectory }),
        Situation(
            testDescription: "an output below a file", severity: .problem,
            subject: "certificate www chain", message: "ENOTDIR",
            settings: { $0.certificates[0].outputs.chain = $0.identity.certificatePath + "/chain.pem" }),
    ]

    @Test(arguments: situations)
    func `each situation has its finding`(situation: Situation) async throws {
        let host = try LabHost()
        _ = try await host.enroll().get()
        _ = try required(try await host.attempt().report)
        var settings = host.settings
        situation.settings(&settings)
        try situation.change(host)
        let findings = Inspection(settings, now: try situation.now(host)).findings()
        let finding = findings.first {
            $0.subject == situation.subject && $0.severity == situation.severity
                && $0.message.contains(situation.message)
        }
        #expect(finding != nil, "\(findings)")
        if situation.severity == .problem { #expect(finding?.advice != nil) }
    }
}
