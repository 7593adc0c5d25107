import Foundation
import POSIX
import TestSupport
import Testing

/// The curl lines of the README and of the OpenAPI document, run as they stand there: in a network of their own where
/// port 9780 is free, with the state directory where the documents say it is.
@Suite(.serialized) struct `The curl examples` {
    /// One example, and where it stands.
    private struct Example {
        let place: String
        let command: String
    }

    @Test(.timeLimit(.minutes(3)))
    func `of the documents work as written`() async throws {
        try await Scenario.play { scenario in
            let examples = try Self.readme() + Self.contract()
            try scenario.require(examples.count >= 20, "only \(examples.count) examples were found")
            let lines = examples.enumerated().map { index, example in
                """
                printf '== \(index)\\n'
                ( set -o pipefail; \(example.command) ) > '\(scenario.scratch.path("out-\(index)"))' 2>&1
                echo "exit $?" >> '\(scenario.scratch.path("out-\(index)"))'
                """
            }
            let script = try scenario.scratch.write(
                "examples.sh", Self.surroundings(scenario) + lines.joined(separator: "\n") + "\nkill %1 %2\n")
            let answer = try Shell.run(
                Program.unshare, ["--net", "--mount", "--", "/bin/bash", script], within: .seconds(150))
            for (index, example) in examples.enumerated() {
                guard let output = try? scenario.scratch.read("out-\(index)") else {
                    throw Shortcoming("\(example.place) was not run: \(answer)")
                }
                let isWell =
                    output.hasSuffix("exit 0\n") && !output.contains(#""type":"urn:certplane:problem:"#)
                scenario.check(isWell, "\(example.place):\n\(example.command)\n\(output.suffix(2000))")
            }
        }
    }

    /// A lab with an agent on the standard port, whose state is where the standard state is.
    private static func surroundings(_ scenario: Scenario) -> String {
        let lab = scenario.scratch.path("lab")
        let bin = scenario.scratch.path("bin")
        return """
            set -u
            ip link set lo up
            mkdir -p '\(bin)' /var/lib/certplane
            # Whoever is root already needs no sudo.
            printf '#!/bin/sh\\nexec "$@"\\n' > '\(bin)/sudo'; chmod +x '\(bin)/sudo'
            export PATH='\(bin)':$PATH
            '\(Program.broker)' lab --dir '\(lab)' --api-listen 127.0.0.1:9780 --reload-command true > '\(lab).log' 2>&1 &
            for try in $(seq 200); do grep -q '^ready' '\(lab).log' && break; sleep 0.05; done
            mount -t tmpfs tmpfs /var/lib/certplane
            ln -s '\(lab)/agent' /var/lib/certplane/agent
            '\(Program.agent)' enroll -c '\(lab)/agent.yml'
            '\(Program.agent)' run -c '\(lab)/agent.yml' > '\(lab)-agent.log' 2>&1 &
            for try in $(seq 200); do curl -s 'http://localhost:9780/v1/certificates?state=valid' | grep -q '"www"' && break; sleep 0.05; done

            """
    }

    /// The commands of the README's shell blocks that call curl; one may go over several lines.
    private static func readme() throws -> [Example] {
        let text = String(
            decoding: try File.read(Program.repository + "/README.md", limit: 1 << 20), as: UTF8.self)
        var examples: [Example] = []
        for block in text.components(separatedBy: "```sh\n").dropFirst() {
            let code = block.components(separatedBy: "```")[0]
            for command in code.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n")
            where command.hasPrefix("curl ") {
                examples.append(Example(place: "README.md", command: String(command)))
            }
        }
        return examples
    }

    private static func contract() throws -> [Example] {
        let bytes = try File.read(Program.repository + "/openapi/openapi.json", limit: 1 << 22)
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
        let paths = document?["paths"] as? [String: [String: Any]] ?? [:]
        var examples: [Example] = []
        for (path, item) in paths.sorted(by: { $0.key < $1.key }) {
            for (method, operation) in item {
                guard let operation = operation as? [String: Any] else { continue }
                guard let samples = operation["x-codeSamples"] as? [[String: String]], !samples.isEmpty else {
                    throw Shortcoming("\(method) \(path) has no example in openapi.json")
                }
                examples += samples.compactMap { $0["source"] }.map {
                    Example(place: "openapi.json, \(method) \(path)", command: $0)
                }
            }
        }
        return examples
    }
}
