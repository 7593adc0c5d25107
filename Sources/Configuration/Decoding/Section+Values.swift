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
}
