/// The command line, understood.
struct Invocation: Equatable {
    enum Command: Equatable {
        case run(once: Bool)
        case enroll
        case recover
        case check(online: Bool, json: Bool)
        /// `check --unit`
        case unit
        case plan(json: Bool)
        case status(name: String?, json: Bool, watch: Bool)
        case renew(RenewSelection, RenewOptions)
        case reload
        case version
        case help(topic: String?)
    }

    static let standardConfiguration = "/etc/certplane/agent.yml"

    var command: Command
    var configuration = Invocation.standardConfiguration

    /// Understands the arguments after the program's name. Options may stand before or after the command.
    ///
    /// - Throws: `CommandFailure` with code `usage` that names the argument and what would be right.
    static func parse(_ arguments: [String]) throws(CommandFailure) -> Invocation {
        var reader = ArgumentReader(arguments)
        try reader.read()
        if reader.flags.contains("--help") || reader.flags.contains("-h") {
            return Invocation(command: .help(topic: reader.words.first))
        }
        if reader.flags.contains("--version"), reader.words.isEmpty { return Invocation(command: .version) }
        guard let word = reader.words.first else { return Invocation(command: .help(topic: nil)) }
        guard let name = CommandName(rawValue: word) else {
            throw .usage(
                "there is no command '\(word)'", nearest(to: word, in: CommandName.allCases.map(\.rawValue)))
        }
        try reader.refuseWhatIsNotFor(name)

        var invocation = Invocation(command: name.command(reader))
        if let path = reader.configuration { invocation.configuration = path }
        return invocation
    }
}

/// The commands by name, each with the flags and words it takes.
enum CommandName: String, CaseIterable {
    case run, enroll, recover, check, plan, status, renew, reload, version, help

    var flags: Set<String> {
        switch self {
        case .run: ["--once"]
        case .check: ["--online", "--json", "--unit"]
        case .plan: ["--json"]
        case .status: ["--json", "--watch"]
        case .renew: ["--all", "--no-wait", "--over-budget", "--rotate-key"]
        case .enroll, .recover, .reload, .version, .help: []
        }
    }

    /// How many words may follow its own.
    fileprivate var mostWords: Int {
        switch self {
        case .help, .status: 1
        case .renew: .max
        default: 0
        }
    }
    fileprivate var takesConfiguration: Bool { self != .version && self != .help }

    fileprivate func command(_ reader: ArgumentReader) -> Invocation.Command {
        switch self {
        case .run: .run(once: reader.flags.contains("--once"))
        case .enroll: .enroll
        case .recover: .recover
        case .check where reader.flags.contains("--unit"): .unit
        case .check: .check(online: reader.flags.contains("--online"), json: reader.flags.contains("--json"))
        case .plan: .plan(json: reader.flags.contains("--json"))
        case .status:
            .status(
                name: reader.words.dropFirst().first, json: reader.flags.contains("--json"),
                watch: reader.flags.contains("--watch"))
        case .renew:
            .renew(
                reader.flags.contains("--all") ? .all : .named(Array(reader.words.dropFirst())),
                RenewOptions(
                    waits: !reader.flags.contains("--no-wait"),
                    overBudget: reader.flags.contains("--over-budget"),
                    rotatesKey: reader.flags.contains("--rotate-key")))
        case .reload: .reload
        case .version: .version
        case .help: .help(topic: reader.words.dropFirst().first)
        }
    }
}

/// Splits arguments into words, flags and the configuration's path.
private struct ArgumentReader {
    private let arguments: [String]
    var words: [String] = []
    var flags: [String] = []
    var configuration: String?

    init(_ arguments: [String]) { self.arguments = arguments }

    mutating func read() throws(CommandFailure) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "-c" || argument == "--config" {
                guard let path = rest.popFirst(), !path.isEmpty else {
                    throw .usage("\(argument) needs the path of a configuration file")
                }
                try take(path)
            } else if argument.hasPrefix("--config=") {
                try take(String(argument.dropFirst("--config=".count)))
            } else if argument.hasPrefix("-"), argument != "-" {
                flags.append(argument)
            } else {
                words.append(argument)
            }
        }
    }

    private mutating func take(_ path: String) throws(CommandFailure) {
        guard !path.isEmpty else { throw .usage("--config needs the path of a configuration file") }
        guard configuration == nil || configuration == path else {
            throw .usage("--config was given twice: '\(configuration ?? "")' and '\(path)'")
        }
        configuration = path
    }

    func refuseWhatIsNotFor(_ name: CommandName) throws(CommandFailure) {
        if let flag = flags.first(where: { !name.flags.contains($0) }) {
            throw .usage("'\(name.rawValue)' has no option \(flag)", nearest(to: flag, in: Array(name.flags)))
        }
        if let word = words.dropFirst().dropFirst(name.mostWords).first {
            throw .usage("'\(name.rawValue)' does not take the argument '\(word)'")
        }
        if flags.contains("--unit"), let other = flags.first(where: { $0 != "--unit" }) {
            throw .usage("--unit prints a script and doesn't go with \(other)")
        }
        if name == .renew, (words.count > 1) == flags.contains("--all") {
            throw .usage("'renew' needs the names of certificates, or --all")
        }
        if !name.takesConfiguration, configuration != nil {
            throw .usage("'\(name.rawValue)' does not read a configuration")
        }
    }
}

extension CommandFailure {
    fileprivate static func usage(_ message: String, _ suggestion: String? = nil) -> CommandFailure {
        var advice = ["Run 'certplane-agent help' for the commands and their options."]
        if let suggestion { advice.insert("Did you mean '\(suggestion)'?", at: 0) }
        return CommandFailure(code: .usage, message: message, advice: advice)
    }
}

/// The candidate that differs from `word` in at most two letters and is nearest to it.
func nearest(to word: String, in candidates: [String]) -> String? {
    candidates.sorted().map { (distance(word, $0), $0) }.filter { $0.0 <= 2 }.min { $0.0 < $1.0 }?.1
}

/// Levenshtein's edit distance.
private func distance(_ first: String, _ second: String) -> Int {
    let target = Array(second)
    var row = Array(0...target.count)
    for (line, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = line + 1
        for column in target.indices {
            let substitution = diagonal + (letter == target[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substitution, row[column] + 1, diagonal + 1)
        }
    }
    return row[target.count]
}
