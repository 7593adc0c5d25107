import FoundationEssentials
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct ReloadCommandTests {
    let host: TestHost
    let installed: InstalledCertificate

    init() throws {
        host = try TestHost()
        installed = try host.issued().bundle.leaf
    }

    private func run(
        _ command: String, names: [String] = ["web"], timeout: Duration = .seconds(20),
        environment: [String: String] = ["PATH": "/usr/bin:/bin"], stop: Bell? = nil
    ) async throws -> ReloadOutcome {
        try await timed(command, names: names, timeout: timeout, environment: environment, stop: stop).outcome
    }

    private func timed(
        _ command: String, names: [String] = ["web"], timeout: Duration = .seconds(20),
        environment: [String: String] = ["PATH": "/usr/bin:/bin"], stop: Bell? = nil
    ) async throws -> (outcome: ReloadOutcome, took: Duration) {
        var subjects: [ReloadSubject] = []
        for name in names {
            var certificate = host.certificate
            certificate.name = try CertificateName(validating: name)
            subjects.append(ReloadSubject(wanted: certificate, installed: installed))
        }
        let plan = ReloadPlan(command: command, timeout: timeout, certificates: subjects)
        let runner = ReloadCommand(gate: ReloadGate(), log: host.log, environment: environment)
        return try await onThread {
            let start = Clock.boottime()
            return (runner.run(plan, stop: stop), Clock.boottime() - start)
        }
    }

    private func failure(_ outcome: ReloadOutcome) throws -> RenewalFailure {
        guard case .failed(let failure) = outcome else { throw Missing() }
        #expect(failure.stage == .reload)
        return failure
    }

    @Test func `a command of one certificate is told all about it`() async throws {
        let path = host.scratch.path("environment")
        let outcome = try await run(
            "env > \(path)",
            environment: [
                "PATH": "/usr/bin:/bin", "LANG": "C", "NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1",
                "LISTEN_FDS": "3", "CREDENTIALS_DIRECTORY": "/run/c", "CERTPLANE_CERTIFICATES": "stale",
            ])
        #expect(outcome == .succeeded)
        let lines = Set(try host.scratch.read("environment").split(separator: "\n").map(String.init))
        let outputs = host.certificate.outputs
        #expect(
            lines.isSuperset(of: [
                "PATH=/usr/bin:/bin", "LANG=C", "CERTPLANE_CERTIFICATE=web", "CERTPLANE_PROFILE=web",
                "CERTPLANE_KEY_PATH=\(outputs.key)", "CERTPLANE_CERT_PATH=\(outputs.cert)",
                "CERTPLANE_CHAIN_PATH=\(outputs.chain)", "CERTPLANE_FULLCHAIN_PATH=\(outputs.fullchain)",
                "CERTPLANE_SERIAL=\(installed.serial)",
                "CERTPLANE_NOT_AFTER=\(installed.notAfter.formatted(.iso8601))",
            ]))
        // Only what is configured has a path.
        #expect(!lines.contains { $0.hasPrefix("CERTPLANE_COMBINED_PATH") })
        for name in [
            "NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "CREDENTIALS_DIRECTORY", "CERTPLANE_CERTIFICATES",
        ] {
            #expect(!lines.contains { $0.hasPrefix(name + "=") })
        }
    }

    @Test func `the combined file's path is told if there is one`() {
        var certificate = host.certificate
        certificate.outputs.combined = "/etc/haproxy/www.pem"
        let variables = ReloadEnvironment(inheriting: [:])
            .variables(for: ReloadSubject(wanted: certificate, installed: nil))
        #expect(variables["CERTPLANE_COMBINED_PATH"] == "/etc/haproxy/www.pem")
    }

    @Test func `a shared run gets the list of certificates and nothing of a single one`() async throws {
        let path = host.scratch.path("environment")
        #expect(try await run("env > \(path)", names: ["b/c", "a"]) == .succeeded)
        let lines = try host.scratch.read("environment").split(separator: "\n")
        #expect(lines.contains(#"CERTPLANE_CERTIFICATES=["a","b/c"]"#))
        #expect(lines.filter { $0.hasPrefix("CERTPLANE_") }.count == 1)
        #expect(
            host.capture.lines.contains { $0.contains("reload completed") && $0.contains("certificates=") })
    }

    @Test func `a list too long for a variable is left out instead of failing the command`() throws {
        let environment = ReloadEnvironment(inheriting: [:])
        let names = try (0..<10_000).map { try CertificateName(validating: "certificate-\($0).example.org") }
        #expect(environment.variables(forAll: names)["CERTPLANE_CERTIFICATES"] == nil)
        #expect(environment.variables(forAll: names)["PATH"]?.isEmpty == false)
    }

    @Test func `the exit code, the signal and the time-out are told apart`() async throws {
        let code = try failure(try await run("echo sorry; exit 3"))
        #expect(code.failureClass == .reloadFailed)
        #expect(code.detail.contains("3"))
        let signal = try failure(try await run("kill -TERM $$"))
        #expect(signal.detail.contains("SIGTERM"))
        let late = try failure(try await run("exec sleep 60", timeout: .milliseconds(100)))
        #expect(late.failureClass == .reloadTimeout)
    }

    @Test func `a ring of the stop bell ends the command`() async throws {
        let stop = try Bell()
        stop.ring()
        #expect(try failure(try await run("exec sleep 60", stop: stop)).failureClass == .stopped)
    }

    @Test func `words and output go to the log only, and the output is bounded`() async throws {
        let outcome = try await run("echo visible; head -c 1000000 /dev/zero | tr '\\0' x; exit 1")
        let failure = try failure(outcome)
        #expect(!failure.detail.contains("visible"))
        let line = try required(host.capture.lines.first { $0.contains("reload failed") })
        #expect(line.contains("visible") && line.contains("output_was_cut=true"))
        #expect(line.utf8.count < 80_000)
        #expect(line.contains("certificate=web"))
    }

    @Test func `a child left behind that holds the pipe does not hold the agent`() async throws {
        let (outcome, took) = try await timed("sleep 20 & exit 0")
        #expect(outcome == .succeeded)
        #expect(took < .seconds(15))
    }

    @Test func `the umask is 022 and stdin is empty`() async throws {
        #expect(try await run("umask > \(host.scratch.path("umask")); test -z \"$(cat)\"") == .succeeded)
        #expect(try host.scratch.read("umask") == "0022\n")
    }

    @Test func `no command starts during an install, and one that hangs lets installs go on`() async throws {
        let gate = ReloadGate(readingTime: .milliseconds(50))
        let (log, path) = (host.log, host.scratch.path("started"))
        let runner = ReloadCommand(gate: gate, log: log, environment: [:])
        let plan = ReloadPlan(
            command: "touch \(path); exec sleep 60", timeout: .seconds(60),
            certificates: [ReloadSubject(wanted: host.certificate, installed: installed)])
        let stop = try Bell()
        let outcome = try await onThread {
            let (ready, outcome) = (try Bell(), Lock<ReloadOutcome?>(nil))
            let reload = try gate.withSection(of: plan.command) {
                let reload = try Worker(name: "reload") {
                    ready.ring()
                    let result = runner.run(plan, stop: stop)
                    outcome.withLock { $0 = result }
                }
                _ = ready.wait(until: Clock.boottime() + .seconds(10))
                let wait = try Bell()
                _ = wait.wait(until: Clock.boottime() + .milliseconds(500))
                #expect(try File.status(path) == nil)
                return reload
            }
            // Were the gate held for the whole run, this would wait for the end of the sleep.
            let deadline = Clock.boottime() + .seconds(20)
            while try File.status(path) == nil, Clock.boottime() < deadline {}
            gate.withSection(of: plan.command) {}
            stop.ring()
            reload.join()
            return outcome.withLock { $0 }
        }
        #expect(try failure(try required(outcome)).failureClass == .stopped)
    }
}
