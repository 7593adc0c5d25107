import POSIX
import TestSupport
import Testing

/// The lab's `agent.yml`, changed for a test.
struct ConfigurationText {
    private(set) var text: String

    init(of lab: LabProcess) throws {
        text = String(decoding: try File.read(lab.configuration, limit: 1 << 20), as: UTF8.self)
    }

    /// Puts `new` in the place of `old`, which must be there.
    mutating func replace(_ old: String, with new: String) throws {
        guard text.contains(old) else { throw Shortcoming("agent.yml has no \(old):\n\(text)") }
        text = text.replacing(old, with: new)
    }

    /// Adds a section of the top level.
    mutating func append(_ section: String) { text += section }

    /// Adds lines at the beginning of a section of the top level.
    mutating func add(_ lines: String, to section: String) throws {
        try replace("\n\(section):\n", with: "\n\(section):\n\(lines)\n")
    }

    /// Adds lines to the certificate with this name.
    mutating func add(_ lines: String, toCertificate name: String) throws {
        try replace("  - name: \"\(name)\"\n", with: "  - name: \"\(name)\"\n    \(lines)\n")
    }

    /// Takes the certificate with this name out.
    mutating func removeCertificate(_ name: String) throws {
        let start = "  - name: \"\(name)\"\n"
        guard let from = text.firstRange(of: start) else { throw Shortcoming("agent.yml has no \(name)") }
        let rest = text[from.upperBound...]
        // Up to the next item, or the next section.
        let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
        let count = lines.prefix { $0.hasPrefix("    ") }.reduce(0) { $0 + $1.utf8.count + 1 }
        let end = text.utf8.index(from.upperBound, offsetBy: count)
        text.removeSubrange(from.lowerBound..<end)
    }

    /// Writes it into the scenario's directory and says where.
    func save(_ scenario: Scenario, as name: String = "agent.yml") throws -> String {
        try scenario.scratch.write(name, text)
    }
}
