import YAML

/// A mapping of the file whose keys are known beforehand.
struct Section {
    let keyPath: String
    let findings: Findings
    let keys: [String]
    private let entries: [String: Entry]
    /// Where a complaint about a missing key points.
    private let start: SourcePosition
    /// False when the mapping itself was refused; then nothing is said about keys that are missing in it.
    private let isReadable: Bool

    /// The mapping of `field`; every key of it that is not in `keys` is a problem.
    init(_ field: Field, keys: [String], start: SourcePosition? = nil) {
        keyPath = field.keyPath
        findings = field.findings
        self.keys = keys
        self.start = start ?? field.node.start
        switch field.node.content {
        case .mapping(let entries):
            self.entries = Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            isReadable = true
            for entry in entries where !keys.contains(entry.key) { refuseUnknown(entry, keys: keys) }
        case .refused:
            (entries, isReadable) = ([:], false)
        case .scalar(let scalar) where scalar.isNull:
            (entries, isReadable) = ([:], true)
        case .scalar, .sequence:
            (entries, isReadable) = ([:], false)
            field.complain(
                "this must be a mapping",
                hint: "Write its keys below it, indented: \(keys.joined(separator: ", ")).")
        }
    }

    /// A section that the file does not have.
    private init(absentFrom parent: Section, key: String, keys: [String]) {
        keyPath = parent.path(to: key)
        findings = parent.findings
        self.keys = keys
        entries = [:]
        start = parent.start
        isReadable = parent.isReadable
    }

    /// The value of a key; nil when the key is absent, or empty, `~` or `null`, which means the same.
    subscript(key: String) -> Field? {
        guard let entry = entries[key], !entry.value.isNull else { return nil }
        return Field(node: entry.value, keyPath: path(to: key), findings: findings)
    }

    /// As the subscript, but the text `""` means absent too, as it does upstream for every text.
    func nonEmpty(_ key: String) -> Field? {
        guard let field = self[key] else { return nil }
        if case .scalar(let scalar) = field.node.content, scalar.text.isEmpty { return nil }
        return field
    }

    /// As `nonEmpty`, with a complaint when there is nothing.
    func required(_ key: String) -> Field? {
        if let field = nonEmpty(key) { return field }
        let home = keyPath.isEmpty ? "at the top level" : "under \(keyPath)"
        reportMissing(key, "\(key) is required", hint: "Set \(key) \(home).")
        return nil
    }

    /// Points to the empty key, or else to where the mapping begins.
    func reportMissing(_ key: String, _ message: String, hint: String) {
        guard isReadable else { return }
        let place = entries[key]?.keyStart ?? start
        findings.add(message, hint: hint, keyPath: path(to: key), at: place)
    }

    /// A mapping inside this one; absent and empty are the same.
    func section(_ key: String, keys: [String]) -> Section {
        guard let entry = entries[key] else {
            return Section(absentFrom: self, key: key, keys: keys)
        }
        let field = Field(node: entry.value, keyPath: path(to: key), findings: findings)
        return Section(field, keys: keys, start: entry.keyStart)
    }

    func path(to key: String) -> String {
        keyPath.isEmpty ? key : "\(keyPath).\(key)"
    }

    private func refuseUnknown(_ entry: Entry, keys: [String]) {
        findings.add(
            "unknown key", hint: unknownKeyHint(entry.key, keys: keys),
            keyPath: path(to: shown(entry.key)),
            at: entry.keyStart)
    }

    /// A key with spaces is debris of something that may be a command.
    private func shown(_ key: String) -> String {
        let word = String(key.prefix { !$0.isWhitespace })
        return word == key ? key.printable : "\(word.printable)…"
    }

    private func unknownKeyHint(_ key: String, keys: [String]) -> String {
        if let place = Schema.sections.first(where: { $0.keys.contains(key) })?.place {
            return "\(key) belongs under \(place)."
        }
        if let meant = Suggestion.nearest(to: key, among: keys) { return "Did you mean \(meant)?" }
        return "Keys that can stand here: \(keys.joined(separator: ", "))."
    }
}
