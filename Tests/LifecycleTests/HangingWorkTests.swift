import FoundationEssentials
import Testing

@testable import Lifecycle

/// What is begun with files and doesn't end, as in a file system that is frozen.
@Suite struct HangingWorkTests {
    private static func host(places: Int, _ names: [String]) throws -> TestHost {
        var host = try TestHost(try names.map { try managed($0) }) { $0.concurrency = places }
        for name in names { host.setUpPlans += host.tell(.looked(try named(name), .nothing)).plans }
        return host
    }

    private static func bring(_ name: String, to stage: Stage, _ host: inout TestHost) throws {
        for step in Stage.allCases {
            host.tell(.attemptStep(try named(name), step))
            if step == stage { return }
        }
    }

    private func installed(_ name: String, _ host: TestHost) throws -> Input {
        let report = IssuedReport(certificate: try managed(name).issued(at: host.now.wall))
        return .attemptEnded(try named(name), .installed(report))
    }

    @Test(arguments: [Stage.checks, .install])
    func `a renewal that hangs at its files is told of once, and gives its place to the next`(stage: Stage)
        throws
    {
        var host = try Self.host(places: 1, ["a", "b", "c"])
        #expect(host.setUpPlans.map(\.certificate.name.text) == ["a"])
        try Self.bring("a", to: stage, &host)
        let (a, path) = (try named("a"), try managed("a").outputs.cert)
        let begin = host.now.boottime
        let actions = host.wait(atMost: .minutes(5)) { $0 == .report(.filesUnanswered(a, path: path)) }
        #expect(host.now.boottime - begin == host.settings.installPatience)
        #expect(actions.started == ["b"])
        #expect(host.runningCount == 1 && host.state.places.renewals == 2 && host.state.hangingWork == 1)
        var status = try host.status(a)
        #expect(status.state == .renewing && status.unansweredSince == host.now.wall)
        #expect(status.why.contains("hangs: a renewal"))
        #expect(status.advice == CertificateStatus.adviceOnUnanswered)

        try Self.bring("b", to: .order, &host)
        #expect(!host.wait(.minutes(4)).events.contains(.filesUnanswered(a, path: path)))
        let end = host.tell(try installed("a", host))
        #expect(end.contains(.report(.filesAnswered(a))))
        #expect(end.started.isEmpty, "its place is another's")
        #expect(host.runningCount == 1 && host.state.places.renewals == 1 && host.state.hangingWork == 0)
        status = try host.status(a)
        #expect(status.state == .valid && status.unansweredSince == nil)
        #expect(host.tell(try installed("b", host)).started == ["c"])
    }

    @Test func `nor does one that hangs before its first step keep its place`() throws {
        var host = try Self.host(places: 1, ["a", "b"])
        let a = try named("a")
        #expect(host.waitAwake(host.settings.installPatience).started == ["b"])
        #expect(host.tell(.attemptStep(a, .key)).contains(.report(.filesAnswered(a))))
        #expect(host.runningCount == 2 && host.state.hangingWork == 0)
        host.tell(.attemptEnded(a, .failed(.forbidden)))
        #expect(host.runningCount == 1)
        host.tell(try installed("b", host))
        #expect(host.runningCount == 0)
    }

    @Test(arguments: [Stage.key, .csr, .order])
    func `a step that is not at the files may take its time`(stage: Stage) throws {
        var host = try Self.host(places: 1, ["a", "b"])
        try Self.bring("a", to: stage, &host)
        // In steps: else the host would seem to have been suspended.
        for _ in 0..<60 { #expect(host.wait(.seconds(10)).started.isEmpty) }
        #expect(host.state.hangingWork == 0)
        #expect(try host.status(named("a")).unansweredSince == nil)
    }

    @Test func `no more are left behind than a host has threads for`() throws {
        let names = (0..<260).map { "c\($0)" }
        var host = try Self.host(places: 260, names)
        for name in names { try Self.bring(name, to: .install, &host) }
        host.waitAwake(host.settings.installPatience)
        #expect(host.state.hangingWork == 256 && host.runningCount == 4)
        for name in names { host.tell(try installed(name, host)) }
        #expect(host.state.hangingWork == 0 && host.runningCount == 0)
    }

    @Test func `a host that was suspended has done nothing meanwhile`() throws {
        var host = try Self.host(places: 1, ["a", "b"])
        try Self.bring("a", to: .install, &host)
        #expect(host.wait(.hours(8)).started.isEmpty && host.state.hangingWork == 0)
        host.waitAwake(host.settings.installPatience)
        #expect(host.state.hangingWork == 1)
    }

    @Test func `a certificate is not begun anew while its renewal hangs, whoever asks`() throws {
        var host = try Self.host(places: 2, ["a"])
        let a = try named("a")
        try Self.bring("a", to: .install, &host)
        host.waitAwake(host.settings.installPatience)
        #expect(host.tell(.requested(a, RenewalID("f"), RenewRequest(rotateKey: true))).plans.isEmpty)
        #expect(host.tell(.configured([], host.settings)).plans.isEmpty)
        #expect(host.tell(.configured([try managed("a")], host.settings)).plans.isEmpty)
        #expect(host.wait(.hours(2)).plans.isEmpty)
        #expect(host.state.hangingWork == 1)
    }

    @Test func `a rebuild that hangs is told of, and nobody waits for it`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        var found = web.found(at: host.now.wall)
        found.rebuildable = [.chain]
        let begun = host.tell(.looked(web.name, found))
        #expect(begun.contains(.rebuild(web, [.chain])))
        let told = Action.report(.filesUnanswered(web.name, path: web.outputs.cert))
        #expect(host.wait(atMost: .hours(1)) { $0 == told }.contains(told))
        #expect(host.state.hangingWork == 1 && host.state.places.rebuilds == host.settings.concurrency + 1)
        #expect(try host.status(web.name).why.contains("hangs: a rebuild"))
        #expect(host.tell(.rebuilt(web.name, nil)).contains(.report(.filesAnswered(web.name))))
        #expect(host.state.hangingWork == 0)
    }

    @Test func `a probe that hangs before it has asked anything lets another one go`() throws {
        var host = try Self.host(places: 2, ["a", "b"])
        #expect(host.setUpPlans.count == 2)
        for name in ["a", "b"] { host.tell(.attemptEnded(try named(name), .failed(.unreachable))) }
        let first = host.nextPlan(within: .hours(1))
        let probe = try #require(first).certificate.name
        let second = host.nextPlan(within: .hours(3))
        let other = try #require(second).certificate.name
        #expect(other != probe)
        #expect(host.state.hangingWork == 1)
        try Self.bring(other.text, to: .order, &host)
        host.tell(.attemptEnded(probe, .failed(.unreachable)))
        #expect(host.nextPlan(within: .minutes(30)) == nil, "another probe is under way")
        #expect(host.tell(try installed(other.text, host)).started == [probe.text])
        #expect(host.runningCount == 1 && host.state.hangingWork == 0)
    }

    @Test func `nor does one that hangs when it turns to another broker`() throws {
        var host = try TestHost([try managed("a"), try managed("b")]) {
            $0.concurrency = 1
            $0.brokers = [.first, .second]
        }
        for name in ["a", "b"] { host.tell(.looked(try named(name), .nothing)) }
        #expect(host.tell(.attemptEnded(try named("a"), .failed(.unreachable))).started == ["a"])
        #expect(host.waitAwake(host.settings.installPatience).started == ["b"])
        #expect(host.state.hangingWork == 1)
    }
}

extension TestHost {
    /// Comes round as often as a host that isn't suspended.
    @discardableResult
    fileprivate mutating func waitAwake(_ duration: Duration) -> [Action] {
        (0..<12).flatMap { _ in wait(duration / 12) }
    }
}
