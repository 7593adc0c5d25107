import POSIX
import TestSupport
import Testing

@Suite(.serialized) struct `The command line` {
    @Test func `help and version succeed`() throws {
        for arguments in [["help"], ["help", "run"], ["--help"], ["version"], ["--version"]] {
            let answer = try Shell.run(Program.agent, arguments)
            #expect(answer.succeeded, "\(arguments): \(answer)")
            #expect(answer.output.contains("certplane-agent"), "\(arguments): \(answer)")
        }
    }

    @Test(arguments: ["run", "check", "enroll"])
    func `a wrong configuration is reported with its places and exit code 2`(command: String) async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            var configuration = try ConfigurationText(of: lab)
            try configuration.replace("    profile:", with: "    profil:")
            try configuration.replace("state_dir: ", with: "state_dir: relative # ")
            let path = try configuration.save(scenario)
            let answer = try AgentProcess.command(command, "--config", path)
            scenario.check(answer.code == 2, "\(answer)")
            for part in ["Error: ", "\(path):2:", "profil", "Did you mean profile?"] {
                scenario.check(answer.output.contains(part), "no '\(part)' in \(answer)")
            }
        }
    }

    @Test(arguments: ["run", "check", "plan", "recover", "enroll"])
    func `a configuration that is no such file is refused with its reason and exit code 2`(command: String)
        async throws
    {
        try await Scenario.play { scenario in
            let setUp = try Shell.line(
                """
                cd '\(scenario.scratch.path)' && mkdir directory && mkfifo fifo && : > empty &&
                head -c 4096 /dev/urandom > garbage && head -c 16777217 /dev/zero | tr '\\0' '#' > large &&
                echo 'state_dir: /nowhere' > closed && chmod 600 closed
                """)
            try scenario.require(setUp.succeeded, "\(setUp)")
            let table = [
                ("missing", "No such file or directory"), ("directory", "Is a directory"),
                ("fifo", "can't be read"), ("empty", "the file is empty"), ("garbage", "problem"),
                ("large", "File too large"),
            ]
            for (name, reason) in table {
                let path = scenario.scratch.path(name)
                let answer = try AgentProcess.command(command, "-c", path, within: .seconds(10))
                scenario.check(answer.code == 2, "\(name): \(answer)")
                scenario.check(answer.output.contains("Error: the configuration can't be"), "\(answer)")
                scenario.check(answer.output.contains(reason), "no '\(reason)' in \(answer)")
                scenario.check(answer.output.contains(path), "\(name) is not named: \(answer)")
                scenario.check(
                    answer.output.utf8.count < 100_000, "\(answer.output.utf8.count) bytes of answer")
            }
            let foreign = [Program.setpriv, "--reuid=54321", "--clear-groups", Program.agent, command]
            let closed = try Shell.run(
                foreign[0], Array(foreign.dropFirst()) + ["-c", scenario.scratch.path("closed")])
            scenario.check(closed.code == 2, "\(closed)")
            scenario.check(closed.output.contains("Permission denied"), "\(closed)")
        }
    }

    @Test func `recover where no agent has ever run succeeds and makes nothing`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            var configuration = try ConfigurationText(of: lab)
            let state = scenario.scratch.path("none/yet")
            try configuration.replace("state_dir: ", with: "state_dir: \(state) # ")
            let answer = try AgentProcess.command("recover", "--config", try configuration.save(scenario))
            scenario.check(answer.succeeded, "\(answer)")
            scenario.check(answer.output.contains("Nothing was left unfinished."), "\(answer)")
            scenario.check(try File.status(scenario.scratch.path("none")) == nil, "it made something")
        }
    }

    @Test func `bad usage is exit code 2`() throws {
        let answer = try AgentProcess.command("rum")
        #expect(answer.code == 2)
        #expect(answer.output.contains("Did you mean 'run'?"), "\(answer)")
    }

    @Test func `a second agent on the same state directory ends with code 4`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let first = try AgentProcess(scenario, for: lab)
            try scenario.wait(until: "the first agent") { !first.process.logged("agent run started").isEmpty }
            let second = try AgentProcess.command("run", "--config", lab.configuration)
            scenario.check(second.code == 4, "\(second)")
            scenario.check(second.output.contains("Error: "), "\(second)")
            scenario.check(first.process.end == nil, "the first agent has ended")
        }
    }
}
