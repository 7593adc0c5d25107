import FoundationEssentials
import Testing

@testable import Lifecycle

/// A look that doesn't end, as in a directory that hangs.
@Suite struct UnansweredLookTests {
    @Test func `is shown and told of once, begins nothing, and is over with its answer`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        #expect(!host.state.hasLookedAtAll)
        let told = Action.report(.filesUnanswered(web.name, path: web.outputs.cert))
        #expect(host.tell(.lookUnanswered(web.name)).filter { $0 == told }.count == 1)
        #expect(!host.tell(.lookUnanswered(web.name)).contains(told))
        #expect(host.state.hasLookedAtAll, "nobody waits for it")
        #expect(host.tell(.requested(web.name, RenewalID("f"), RenewRequest())).plans.isEmpty)
        var status = try host.status(web.name)
        #expect(status.state == .unknown && status.unansweredSince == host.now.wall)
        #expect(status.why.contains("hangs"))
        #expect(status.advice == CertificateStatus.adviceOnUnanswered)

        let answer = host.tell(.looked(web.name, web.found(at: host.now.wall)))
        #expect(answer.contains(.report(.filesAnswered(web.name))))
        #expect(answer.started == ["web"], "what was asked for meanwhile")
        status = try host.status(web.name)
        #expect(status.unansweredSince == nil && !status.why.contains("hangs"))
    }

    @Test func `that has ended already is none`() throws {
        let web = try managed("web")
        var host = try TestHost([web])
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.wait(.seconds(3600))
        host.tell(.lookUnanswered(web.name))
        #expect(try host.status(web.name).state == .unknown)
        host.tell(.looked(web.name, web.found(at: host.now.wall)))
        host.tell(.lookUnanswered(web.name))
        #expect(try host.status(web.name).state == .valid, "no look is under way")
    }
}
