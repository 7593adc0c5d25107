import POSIX
import Testing

@Suite(.serialized) struct `A host of Certplane's own agent` {
    /// What that agent leaves: a lock file that nobody holds, an identity without its intermediate, and a key that was
    /// written before its certificate came.
    @Test func `is taken over with one order, and the next renewal rotates the key`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            let files = lab.files(of: "www")
            try Self.leaveTraces(scenario, lab)
            let setUp = try Shell.line(
                """
                mkdir -p '\(files.directory)' && umask 077 &&
                '\(Program.openssl)' genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
                -out '\(files.key)'
                """)
            try scenario.require(setUp.succeeded, "\(setUp)")
            let key = try File.read(files.key, limit: 1 << 16)

            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitValid(scenario)
            scenario.check(
                agent.process.logged("service key taken over").count == 1, "the key was not taken over")
            scenario.check(try File.read(files.key, limit: 1 << 16) == key, "the key is another one")
            scenario.check(lab.orders.count == 1, "\(lab.orders.count) orders")
            let complaint = try files.complaint(hostName: "www.lab.test")
            scenario.check(complaint == nil, complaint ?? "")

            let before = try files.publicKey()
            try agent.renew("www", scenario)
            try scenario.wait(until: "the renewal") {
                agent.process.logged("certificate installed").count == 2
            }
            scenario.check(try files.publicKey() != before, "the renewal kept the key")
            scenario.check(lab.orders.count == 2, "\(lab.orders.count) orders")
        }
    }

    @Test func `with valid certificates orders nothing, and the next renewal rotates the key`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario)
            try AgentProcess.enroll(scenario, for: lab)
            let issuing = try AgentProcess.command("run", "--once", "--config", lab.configuration)
            try scenario.require(issuing.succeeded, "\(issuing)")
            // Nothing of ours stays but what both agents write: the identity and the outputs.
            let wiped = try Shell.line(
                "cd '\(lab.agentState)' && rm -rf state pending journal api.token *.lock inventory*")
            try scenario.require(wiped.succeeded, "\(wiped)")
            try Self.leaveTraces(scenario, lab)

            let files = lab.files(of: "www")
            let before = files.contents()
            let agent = try AgentProcess(scenario, for: lab)
            try agent.awaitValid(scenario)
            scenario.check(files.contents() == before, "the files have changed")
            scenario.check(lab.orders.count == 1, "\(lab.orders.count) orders")
            let key = try files.publicKey()
            try agent.renew("www", scenario)
            try scenario.wait(until: "the renewal") {
                !agent.process.logged("certificate installed").isEmpty
            }
            scenario.check(try files.publicKey() != key, "the renewal kept the key")
            scenario.check(lab.orders.count == 2, "\(lab.orders.count) orders")
        }
    }

    private static func leaveTraces(_ scenario: Scenario, _ lab: LabProcess) throws {
        let identity = lab.agentState + "/identity.crt"
        if try File.status(identity) == nil { try AgentProcess.enroll(scenario, for: lab) }
        let traces = try Shell.line(
            """
            echo 4194000 > '\(lab.agentState)/agent.lock' && chmod 644 '\(lab.agentState)/agent.lock' &&
            '\(Program.openssl)' x509 -in '\(identity)' -out '\(identity).leaf' &&
            cat '\(identity).leaf' > '\(identity)' && rm '\(identity).leaf' &&
            grep -c BEGIN '\(identity)'
            """)
        try scenario.require(traces.succeeded && traces.output == "1\n", "\(traces)")
    }
}
