import PKI
import POSIX
import TestSupport
import Testing

@Suite(.serialized) struct `A large host` {
    private static let count = 2000

    /// What an agent opened of the certificates' files, seen from outside.
    private static func reads(_ scenario: Scenario, _ lab: LabProcess, _ name: String) throws -> Int {
        let trace = scenario.scratch.path("\(name).trace")
        let agent = try AgentProcess(
            scenario, configuration: lab.configuration, stateDirectory: lab.agentState, name: name,
            under: [
                Program.strace, "-D", "-f", "-qq", "-e", "trace=openat", "-e", "signal=none", "-o", trace,
            ])
        try agent.awaitValid(scenario, within: .seconds(120))
        scenario.check(agent.stop() == .exited(0), "the agent \(name) did not end well")
        let text = String(decoding: try File.read(trace, limit: 1 << 30), as: UTF8.self)
        return text.split(separator: "\n").count { $0.contains("\"cert.pem\"") && $0.contains("O_RDONLY") }
    }

    @Test func `reads after a restart what has changed, and nothing else`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "\(Self.count)"])
            try AgentProcess.enroll(scenario, for: lab)
            let authority = try TestAuthority()
            for number in 1...Self.count { try Self.mint(number, authority, lab) }
            // Younger files could change once more within the same tick of their clock.
            Pause.milliseconds(2_500)

            let inventory = lab.agentState + "/inventory"
            let cold = try Self.reads(scenario, lab, "cold")
            scenario.check(cold == Self.count, "\(cold) reads at the first start")
            let mode = try File.status(inventory)?.mode
            scenario.check(
                mode == 0o600, "the inventory has the mode \(mode.map { "\($0)" } ?? "of nothing")")

            try Self.mint(7, authority, lab)
            let warm = try Self.reads(scenario, lab, "warm")
            scenario.check(warm == 1, "\(warm) reads where one certificate has changed")

            var bytes = try File.read(inventory, limit: 64 << 20)
            bytes[bytes.count / 2] ^= 1
            try AtomicFile.replace(
                inDirectory: lab.agentState, name: "inventory", with: bytes, mode: 0o600)
            let damaged = try Self.reads(scenario, lab, "damaged")
            scenario.check(damaged == Self.count, "\(damaged) reads with a damaged inventory")
            scenario.check(lab.orders.isEmpty, "\(lab.orders.count) orders for a host that is in order")
        }
    }

    /// A valid set for one of the lab's certificates, as an operator would bring it.
    private static func mint(_ number: Int, _ authority: TestAuthority, _ lab: LabProcess) throws {
        let digits = String(10_000 + number).dropFirst()
        let name = "c\(digits).lab.test"
        let made = try authority.identity(authority.template(commonName: name, dnsNames: [name]))
        let folder = "\(lab.outputs)/c\(digits)"
        _ = try Directory.make(folder, mode: 0o755)
        let leaf = made.chain.leaf.pem
        let chain = made.chain.intermediates.map(\.pem).joined()
        let key = made.keyPEM.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        let files = [
            ("privkey.pem", key), ("cert.pem", Array(leaf.utf8)), ("chain.pem", Array(chain.utf8)),
            ("fullchain.pem", Array((leaf + chain).utf8)),
        ]
        let directory = try Directory.open(folder)
        for (file, bytes) in files {
            _ = try directory.unlinkIfPresent(file)
            try directory.createFile(file, mode: 0o600).writeAll(bytes)
        }
    }
}
