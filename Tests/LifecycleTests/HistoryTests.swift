import FoundationEssentials
import Testing

@testable import Lifecycle

@Suite struct HistoryTests {
    @Test func `a renewal that somebody asked for leaves its course`() throws {
        let web = try managed("web", reload: "true")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        let id = RenewalID("one")
        host.tell(.requested(web.name, id, RenewRequest(reason: "drill")))
        host.now = host.now + .seconds(5)
        let issued = web.issued(at: host.now.wall, serial: "b2")
        host.tell(.attemptEnded(web.name, .installed(IssuedReport(certificate: issued))))
        host.tell(.reloadEnded([web.name], .succeeded))
        let history = try host.status(web.name).history
        #expect(history.map(\.kind) == [.requested, .installed, .reloaded])
        #expect(history[0].renewal == id)
        #expect(history[0].detail == "drill")
        #expect(history[1].renewal == id)
        #expect(history[1].reason == .requested)
        #expect(history[1].serial == "b2")
        #expect(history[1].notAfter == issued.notAfter)
        #expect(history[1].at == history[0].at + 5)
    }

    @Test func `the same failure again and again is one line with a count`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let start = host.now.wall
        for _ in 0..<5 {
            host.tell(.attemptEnded(web.name, .failed(.fullDisk)))
            _ = host.nextPlan(within: .days(1))
        }
        host.tell(.attemptEnded(web.name, .failed(.issuance)))
        let history = try host.status(web.name).history
        #expect(history.map(\.kind) == [.failed, .failed])
        #expect(history[0].count == 5)
        #expect(history[0].firstAt == start)
        #expect(history[0].at > start)
        #expect(history[0].failureClass == .diskFull)
        #expect(history[1].count == 1)
        #expect(history[1].reason == .missing)
    }

    @Test func `a history has a bound, in lines and in their length`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        let long = String(repeating: "x", count: 1000)
        for number in 0..<100 {
            let stage: Stage = number % 2 == 0 ? .install : .checks
            host.tell(
                .attemptEnded(
                    web.name, .failed(RenewalFailure(stage: stage, .diskFull, detail: long))))
            host.tell(.looked(web.name, .nothing))
            _ = host.nextPlan(within: .days(1))
        }
        let history = try host.status(web.name).history
        #expect(history.count == CertificateHistory.capacity)
        #expect(
            history.allSatisfy { ($0.detail ?? "").unicodeScalars.count <= HistoryEntry.longestDetail + 1 })
        #expect(history.map(\.at) == history.map(\.at).sorted())
    }

    @Test func `a spent budget shows when the next order is possible`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, .nothing))
        for _ in 0..<5 {
            host.tell(.attemptEnded(web.name, .failed(.issuance)))
            _ = host.nextPlan(within: .hours(3))
        }
        let status = try host.status(web.name)
        #expect(status.ordersLast7Days == 5)
        #expect(try #require(status.nextOrderAt) > host.now.wall)
        #expect(status.history.contains { $0.kind == .budgetSpent })
    }
}
