import Configuration
import Notation
import PKI

/// A configuration file is refused with problems that can be shown, or decoded.
func fuzzYAML(_ input: [UInt8]) {
    do {
        _ = try AgentConfiguration.load(input, file: "agent.yml")
    } catch {
        precondition(!error.problems.isEmpty)
        for problem in error.problems { precondition(!"\(problem)".isEmpty) }
    }
}

/// PEM is refused, or its blocks come back from their own text.
func fuzzPEM(_ input: [UInt8]) {
    if let blocks = try? PEM.blocks(in: input) {
        for block in blocks {
            let again = try? PEM.blocks(
                in: Array(PEM.text(label: block.label, contents: block.contents).utf8))
            precondition(again?.count == 1 && again?.first?.contents == block.contents)
        }
    }
    if let chain = try? CertificateChain(pem: input) { _ = chain.leaf.sha256 }
}
