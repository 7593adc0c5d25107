import Testing

@testable import Broker

@Suite struct `Lab options` {
    @Test func `only the directory is needed`() throws {
        let options = try LabOptions(arguments: ["--dir", "/lab"])
        #expect(options == LabOptions(directory: "/lab"))
        #expect(options.certificates.map(\.name) == ["www"])
        #expect(options.limits.perIdentity == 50)
        #expect(options.limits.perProfile == 20)
    }

    @Test func `each option takes its value as a word of its own or after an equals sign`() throws {
        let options = try LabOptions(arguments: [
            "--dir=/x", "--listen", "127.0.0.1:9443", "--step-ca-listen=localhost:0", "--api-listen", "off",
            "--lifetime", "45d", "--identity-lifetime=1h30m", "--identity", "a.test", "--names=*.b.test",
            "--rate-limit", "3,2", "--issue-delay=1.5s", "--fault", "hang@www", "--fault=latency:20msx3",
            "--reload-command", "systemctl reload nginx",
        ])
        #expect(options.listen == LoopbackAddress(host: "127.0.0.1", port: 9443))
        #expect(options.stepCAListen == .anyPort)
        #expect(options.apiListen == "off")
        #expect(options.lifetime == .seconds(45 * 86_400))
        #expect(options.identityLifetime == .seconds(5_400))
        #expect(options.identity == "a.test")
        #expect(options.certificates == [LabCertificate(names: ["*.b.test"])])
        #expect(options.certificates.first?.name == "wildcard")
        #expect(options.limits.perIdentity == 3)
        #expect(options.limits.perProfile == 2)
        #expect(options.issueDelay == .milliseconds(1500))
        #expect(options.faults == ["hang@www", "latency:20msx3"])
        #expect(options.reloadCommand == "systemctl reload nginx")
    }

    @Test(arguments: [["--certificates", "3"], ["--lifetime", "60s"], ["--rate-limit", "off"]])
    func `limits are off where many orders are the point`(arguments: [String]) throws {
        let options = try LabOptions(arguments: ["--dir", "/x"] + arguments)
        #expect(options.limits.perIdentity == nil)
        #expect(options.limits.perProfile == nil)
    }

    @Test func `limits that were asked for stay with many certificates`() throws {
        let options = try LabOptions(arguments: ["--dir", "/x", "--certificates", "3", "--rate-limit", "9,8"])
        #expect(options.limits.perIdentity == 9)
        #expect(
            options.certificates.map(\.names) == [["c0001.lab.test"], ["c0002.lab.test"], ["c0003.lab.test"]])
        #expect(options.certificates.last?.name == "c0003")
    }

    @Test(arguments: [
        (["--lifetime", "1d"], "--dir DIR is missing"),
        (["--dir"], "--dir needs a value"),
        (["--dir", "/x", "--port", "1"], "unknown option \"--port\""),
        (["--dir", "/x", "stray"], "unknown option \"stray\""),
        (["--dir", "/x", "--listen", "0.0.0.0:1"], "--listen: \"0.0.0.0:1\" is not a loopback address"),
        (
            ["--dir", "/x", "--listen", "127.0.0.1:70000"],
            "--listen: \"127.0.0.1:70000\" is not a loopback address"
        ),
        (["--dir", "/x", "--lifetime", "60"], "--lifetime: \"60\" is not a duration"),
        (["--dir", "/x", "--lifetime", "1s"], "--lifetime: at least 2s"),
        (["--dir", "/x", "--certificates", "0"], "--certificates: \"0\" is not a number from 1"),
        (["--dir", "/x", "--rate-limit", "5"], "--rate-limit: \"5\" is not two numbers"),
        (["--dir", "/x", "--names", "*.a.test,b.test"], "--names: a profile holds only wildcards or none"),
        (["--dir", "/x", "--names", "a.test", "--certificates", "2"], "--names and --certificates exclude"),
        (["--dir", "/x", "--fault", "explode"], "--fault: unknown fault \"explode\""),
    ])
    func `a mistake is named`(arguments: [String], message: String) {
        let problem = #expect(throws: LabOptionsProblem.self) { _ = try LabOptions(arguments: arguments) }
        #expect(problem?.description.hasPrefix(message) == true, "\(problem?.description ?? "none")")
    }

    @Test func `the usage names every fault and every option`() {
        for (name, _) in LabFault.catalogue { #expect(LabOptions.usage.contains(name)) }
        for option in ["--dir", "--api-listen", "--issue-delay", "--rate-limit"] {
            #expect(LabOptions.usage.contains(option))
        }
    }
}

@Suite struct `Durations on the command line` {
    @Test(arguments: [
        ("90d", Duration.seconds(90 * 86_400)), ("1h30m", .seconds(5_400)), ("1.5h", .seconds(5_400)),
        ("500ms", .milliseconds(500)), ("0", .zero), ("0s", .zero), (".5s", .milliseconds(500)),
        ("2us", .microseconds(2)), ("2µs", .microseconds(2)), ("7ns", .nanoseconds(7)),
    ])
    func `a Go duration is read`(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: [
        "", "60", "s", "1x", "-1s", "+1s", "1 s", ".s", "1.s.", "9999999999999999999s", "999999d",
    ])
    func `anything else is not`(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [("90d", "2160h"), ("90m", "90m"), ("61s", "61s"), ("1500ms", "1500ms"), ("0", "0s")])
    func `a duration is written in the largest unit that says it`(text: String, rendered: String) throws {
        #expect(DurationText.render(try #require(DurationText.parse(text))) == rendered)
    }
}
