import Testing

@testable import certplane_agent

@Suite struct InvocationTests {
    @Test(arguments: [
        (["run"], Invocation(command: .run(once: false))),
        (["run", "--config", "/a.yml"], Invocation(command: .run(once: false), configuration: "/a.yml")),
        (["-c", "/a.yml", "run", "--once"], Invocation(command: .run(once: true), configuration: "/a.yml")),
        (["--config=/a.yml", "enroll"], Invocation(command: .enroll, configuration: "/a.yml")),
        (["check", "--online"], Invocation(command: .check(online: true, json: false))),
        (
            ["check", "--json", "-c", "x"],
            Invocation(command: .check(online: false, json: true), configuration: "x")
        ),
        (["check", "--unit"], Invocation(command: .unit)),
        (["plan", "--json"], Invocation(command: .plan(json: true))),
        (["status"], Invocation(command: .status(name: nil, json: false, watch: false))),
        (
            ["status", "www", "--json", "--watch"],
            Invocation(command: .status(name: "www", json: true, watch: true))
        ),
        (["renew", "a", "b"], Invocation(command: .renew(.named(["a", "b"]), RenewOptions()))),
        (
            ["renew", "--all", "--no-wait", "--over-budget", "--rotate-key"],
            Invocation(command: .renew(.all, RenewOptions(waits: false, overBudget: true, rotatesKey: true)))
        ),
        (["reload", "-c", "x"], Invocation(command: .reload, configuration: "x")),
        (["version"], Invocation(command: .version)),
        (["--version"], Invocation(command: .version)),
        ([], Invocation(command: .help(topic: nil))),
        (["help"], Invocation(command: .help(topic: nil))),
        (["help", "run"], Invocation(command: .help(topic: "run"))),
        (["run", "--help"], Invocation(command: .help(topic: "run"))),
    ])
    func `a right command line is understood`(arguments: [String], expected: Invocation) throws {
        #expect(try Invocation.parse(arguments) == expected)
    }

    @Test(arguments: [
        (["rum"], "there is no command 'rum'", "Did you mean 'run'?"),
        (["run", "--onze"], "'run' has no option --onze", "Did you mean '--once'?"),
        (["enroll", "--once"], "'enroll' has no option --once", "help"),
        (["check", "--unit", "--json"], "doesn't go with --json", "help"),
        (["run", "-c"], "-c needs the path", "help"),
        (["run", "-c", ""], "-c needs the path", "help"),
        (["run", "--config="], "--config needs the path", "help"),
        (["run", "-c", "a", "-c", "b"], "given twice: 'a' and 'b'", "help"),
        (["run", "now"], "does not take the argument 'now'", "help"),
        (["renew"], "needs the names of certificates, or --all", "help"),
        (["renew", "www", "--all"], "needs the names of certificates, or --all", "help"),
        (["renew", "www", "--no-wai"], "'renew' has no option --no-wai", "Did you mean '--no-wait'?"),
        (["status", "a", "b"], "does not take the argument 'b'", "help"),
        (["reload", "now"], "does not take the argument 'now'", "help"),
        (["relaod"], "there is no command 'relaod'", "Did you mean 'reload'?"),
        (["version", "-c", "a"], "does not read a configuration", "help"),
        (["help", "run", "more"], "does not take the argument 'more'", "help"),
    ])
    func `a wrong command line says what is wrong`(arguments: [String], message: String, advice: String) {
        #expect {
            try Invocation.parse(arguments)
        } throws: { error in
            guard let failure = error as? CommandFailure else { return false }
            return failure.code == .usage && failure.text.contains(message) && failure.text.contains(advice)
        }
    }

    @Test(arguments: CommandName.allCases)
    func `every command has a help text`(name: CommandName) {
        #expect(Help.text(for: name.rawValue)?.isEmpty == false)
    }

    @Test func `there is no help for what is not a command`() {
        #expect(Help.text(for: "rum") == nil)
    }
}
