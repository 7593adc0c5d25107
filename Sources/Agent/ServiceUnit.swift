import POSIX

/// The installed service unit as its files on this host say: the unit, and the drop-ins over it (systemd.unit(5)).
struct ServiceUnit: Equatable, Sendable {
    /// The settings of its `[Service]` section: of one that is given again the last counts, lists add up until an empty
    /// one begins anew.
    private(set) var settings: [String: [String]] = [:]

    /// Where units are looked for, the first that has it wins.
    static let folders = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system", "/lib/systemd/system",
    ]

    /// Nil if the host has no such unit.
    init?(named name: String, in folders: [String] = Self.folders) {
        // A file that can't be read says nothing, like one that isn't there.
        guard let unit = folders.lazy.compactMap({ Self.text("\($0)/\(name)") }).first else { return nil }
        read(unit)
        var seen: Set<String> = []
        var dropIns: [(name: String, path: String)] = []
        for folder in folders {
            let names = (try? Directory.open("\(folder)/\(name).d").entries()) ?? []
            for file in names where file.hasSuffix(".conf") && seen.insert(file).inserted {
                dropIns.append((file, "\(folder)/\(name).d/\(file)"))
            }
        }
        for dropIn in dropIns.sorted(by: { $0.name < $1.name }) {
            if let text = Self.text(dropIn.path) { read(text) }
        }
    }

    init(_ text: String) { read(text) }

    /// The last value; nil if it isn't set.
    func value(_ key: String) -> String? { settings[key]?.last }

    /// The words of all its values.
    func list(_ key: String) -> [String] { settings[key, default: []].flatMap(Self.words) }

    /// Whether the agent may write nothing but what is listed.
    var isStrict: Bool { value("ProtectSystem") == "strict" }

    /// Whether it runs as root, who needs nobody's leave.
    var isRoots: Bool { ["", "root", "0"].contains(value("User") ?? "") }

    /// What it may write although everything else is read-only.
    var writable: [String] {
        let paths = list("ReadWritePaths").map { path -> String in
            let plain = path.drop { $0 == "-" || $0 == "+" }
            return Self.singlePercents(plain)
        }
        let state = list("StateDirectory").map { "/var/lib/\($0)" }
        let runtime = list("RuntimeDirectory").map { "/run/\($0)" }
        return paths + state + runtime + ["/tmp", "/var/tmp", "/dev/shm"]
    }

    private mutating func read(_ text: String) {
        var isInService = false
        var pending = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.trimmed
            if pending.isEmpty, trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
            if trimmed.hasSuffix("\\") {
                pending += trimmed.dropLast() + " "
                continue
            }
            let whole = pending + trimmed
            pending = ""
            if whole.hasPrefix("[") {
                isInService = whole == "[Service]"
            } else if isInService, let equals = whole.firstIndex(of: "=") {
                let value = String(whole[whole.index(after: equals)...].trimmed)
                let key = String(whole[..<equals].trimmed)
                if value.isEmpty { settings[key] = [] } else { settings[key, default: []].append(value) }
            }
        }
    }

    /// Where specifiers are read a percent sign is written twice (systemd.unit(5)).
    private static func singlePercents(_ text: some StringProtocol) -> String {
        var wasPercent = false
        return String(
            text.filter { character in
                let isSecond = wasPercent && character == "%"
                wasPercent = character == "%" && !isSecond
                return !isSecond
            })
    }

    /// The words of a value, quotes and backslashes taken off (systemd.syntax(7)).
    private static func words(_ value: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in value {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character == " " || character == "\t" {
                if let found = word { words.append(found) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let last = word { words.append(last) }
        return words
    }

    private static func text(_ path: String) -> String? {
        (try? File.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
