import YAML

/// Optional keys with their defaults. After a complaint the default stands in, so that decoding goes on.
extension Section {
    func duration(_ key: String, default standard: Duration) -> Duration {
        self[key]?.duration() ?? standard
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ key: String, default standard: Choice) -> Choice
    where Choice.RawValue == String {
        nonEmpty(key)?.choice() ?? standard
    }

    func number(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        self[key]?.number(in: range) ?? standard
    }

    func flag(_ key: String, default standard: Bool) -> Bool {
        self[key]?.flag() ?? standard
    }

    /// Complains about every key that is set, and valid, but has no effect yet.
    func refuseUnsupported() {
        for key in keys where NotSupportedYet.contains(path(to: key)) {
            guard let field = nonEmpty(key), !findings.concern(field.keyPath) else { continue }
            if case .sequence(let items) = field.node.content, items.allSatisfy(\.isNull) { continue }
            field.complain("not supported yet", hint: "Remove \(key); this version would ignore it.")
        }
    }
}
