import Configuration
import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing
import Transfer

@testable import Agent

/// What goes wrong only after days, or at the worst moment.
@Suite struct LastingTests {
    private let host: TestHost

    init() throws { host = try TestHost() }

    @Test func `one pass tries each certificate once, however soon it may be tried again`() async throws {
        let web = try ManagedCertificate.named("web")
        let hands = ScriptedHands { _, _, _ in
            .failed(RenewalFailure(stage: .order, .brokerUnavailable, detail: "503"))
        }
        try await onThread {
            let running = try RunningEngine([web], hands, once: true) {
                $0.retryBase = .milliseconds(20)
                $0.retryCap = .milliseconds(20)
            }
            try running.waitForEnd()
        }
        #expect(hands.count("attempt web") == 1)
    }

    @Test func `an install that fails has cost an order, unless the broker had the bundle already`() throws {
        let full = SystemError("write", host.certificate.outputs.cert, .noSpace)
        let seam = InstallSeam { call, _ throws(SystemError) in if call == .write { throw full } }
        let state = try host.stateDirectory()
        let attempt = Attempt(
            plan: AttemptPlan(
                id: RenewalID("1"), certificate: host.certificate,
                broker: BrokerAddress("https://broker.example.org"), reason: .missing),
            desk: OrderDesk(
                broker: BrokerClient(url: "https://broker.example.org", timeout: .seconds(1)),
                identity: IdentityFiles(
                    name: "edge01", paths: IdentityFiles.Paths(certificate: "/", key: "/", issuerBundle: "/")),
                trustBundle: "/", identityName: "edge01", session: try Session(), clock: JudgedClock(),
                stop: StopFlag(),
                log: host.log,
                told: { _ in }),
            inventory: Inventory(), keys: PendingKeyStore(directory: state, log: host.log),
            installer: try host.installer(seam: seam), log: host.log, enter: { _ in })
        let found = FoundCertificate(certificate: .missing, key: .missing)
        let key = try attempt.keys.take(for: host.certificate, found: found, rotating: true)
        let bundle = try host.bundle(for: key.key.publicKey)
        for (cache, costsOrder) in [("miss", true), ("hit", false)] {
            var answer = bundle
            answer.cache = cache
            guard case .issued(let issued) = try host.judge(answer, pendingKey: key.key.publicKey) else {
                throw Missing()
            }
            let failure = #expect(throws: RenewalFailure.self) { try attempt.install(issued, key) }
            #expect(failure?.failureClass == .diskFull)
            #expect(failure?.placedOrder == costsOrder)
            #expect(failure?.isPossibleOrder == false)
        }
    }

    @Test func `a host without a record is not one whose record was lost`() throws {
        let store = StateStore(directory: try host.stateDirectory(), log: host.log)
        #expect(try store.stored(for: host.certificate.name) == nil)
        _ = try host.scratch.write("state/state/web.json", "{", mode: 0o600)
        #expect(try store.stored(for: host.certificate.name) == CertificateRecord())
    }

    @Test func `a reload that ignores the stop is ended all the same, and soon`() async throws {
        let ready = host.scratch.path("ready")
        let plan = ReloadPlan(
            command: "trap '' TERM; : >\(ready); sleep 60", timeout: .seconds(60),
            certificates: [ReloadSubject(wanted: host.certificate, installed: nil)])
        let log = host.log
        let took = try await onThread {
            let (stop, pause) = (try Bell(), try Bell())
            let stopped = Lock(Duration.zero)
            let person = try Worker(name: "person") {
                while (try? File.status(ready)) == .some(nil) {
                    _ = pause.wait(until: Clock.boottime() + .milliseconds(5))
                }
                stopped.withLock { $0 = Clock.boottime() }
                stop.ring()
            }
            defer { person.join() }
            let outcome = ReloadCommand(gate: ReloadGate(), log: log).run(plan, stop: stop)
            guard case .failed(let failure) = outcome, failure.failureClass == .stopped else {
                throw Missing()
            }
            return Clock.boottime() - stopped.withLock { $0 }
        }
        #expect(took < .seconds(4))
    }

    @Test func `a token of no use is not tried again, and the one that takes its place is new`() async throws
    {
        let path = { (name: String) in host.scratch.path(name) }
        let text = """
            state_dir: \(path("state"))
            identity:
              name: edge01.example.org
              cert: \(path("state/identity.crt"))
              key: \(path("state/identity.key"))
              issuer_ca_bundle: \(path("root.crt"))
              bootstrap_token: \(path("token"))
              step_ca: {url: "https://ca.example.org", root_ca_bundle: \(path("root.crt"))}
            broker: {url: "https://broker.example.org", server_ca_bundle: \(path("root.crt"))}
            certificates:
              - name: web
                profile: web
                dns_names: [a.example.org]
                key: \(path("out/key.pem"))
                cert: \(path("out/cert.pem"))
                chain: \(path("out/chain.pem"))
                fullchain: \(path("out/fullchain.pem"))
            """
        let settings = try AgentConfiguration.load(Array(text.utf8), file: "agent.yml")
        let hands = HostHands(settings, state: try host.stateDirectory(), log: host.log)
        _ = try host.scratch.write("token", " \n", mode: 0o600)
        #expect(hands.lookAtIdentity().hasBootstrapToken)
        let outcome = try await onThread { hands.enroll(in: WorkerContext(), stop: try StopSignal()) }
        guard case .failed(let failure) = outcome else { throw Missing() }
        #expect(!failure.isTransient)
        #expect(!hands.lookAtIdentity().hasBootstrapToken)
        _ = try host.scratch.write("token", "a.new.one", mode: 0o600)
        #expect(hands.lookAtIdentity().hasBootstrapToken)
    }

    @Test func `the log says what is wrong with the identity`() throws {
        EventLog(host.log).write(.identityChanged(.unusable, problem: "key.pem is not its key"))
        #expect(host.capture.lines.first?.contains("key.pem is not its key") == true)
    }
}
