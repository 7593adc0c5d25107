import POSIX
import TestSupport
import Testing

/// `certplane-broker lab`, accepting.
final class LabProcess: Sendable {
    let process: RunningProcess
    let directory: String
    /// `127.0.0.1:PORT`
    let brokerAddress: String
    let stepCAAddress: String

    /// Starts a lab in the scenario's directory `lab`, with an API of the agent at any free port. A directory
    /// that an earlier lab left is used again.
    init(_ scenario: Scenario, _ options: [String] = []) throws {
        let directory = scenario.scratch.path("lab")
        let process = try scenario.start(
            "lab", Program.broker, ["lab", "--dir", directory, "--api-listen", "127.0.0.1:0"] + options)
        let ready = try scenario.wait(for: "the lab's ready line") {
            if let end = process.end { throw Shortcoming("the lab ended: \(end)") }
            return process.lines.first { $0.hasPrefix("ready ") }
        }
        self.process = process
        self.directory = directory
        brokerAddress = Self.address("broker", in: ready)
        stepCAAddress = Self.address("step-ca", in: ready)
    }

    var configuration: String { directory + "/agent.yml" }
    var serviceRoot: String { directory + "/ca/service-root.crt" }
    var agentState: String { directory + "/agent" }
    var bootstrapToken: String { directory + "/bootstrap-token" }
    var outputs: String { directory + "/certs" }

    /// The options with which a later lab listens where this one did.
    var sameAddresses: [String] { ["--listen", brokerAddress, "--step-ca-listen", stepCAAddress] }

    func files(of certificate: String) -> CertificateFiles {
        CertificateFiles(directory: "\(outputs)/\(certificate)", root: serviceRoot)
    }

    /// The orders it issued certificates for, cache hits not among them.
    var orders: [LogLine] { process.logged("order issued") }

    /// From now on these faults are in force, and no others.
    func setFaults(_ faults: [String]) throws {
        try AtomicFile.replace(
            inDirectory: directory, name: "faults", with: Array((faults.joined(separator: "\n") + "\n").utf8),
            mode: 0o644)
    }

    /// Ends it as a person would.
    func stop(_ scenario: Scenario) throws {
        process.signal(.terminate)
        let end = process.end(within: .seconds(10))
        try scenario.require(end == .exited(0), "the lab ended with \(end.map { "\($0)" } ?? "nothing")")
    }

    private static func address(_ name: String, in line: String) -> String {
        let word = line.split(separator: " ").first { $0.hasPrefix(name + "=https://") }
        return word.map { String($0.dropFirst(name.count + "=https://".count)) } ?? ""
    }
}
