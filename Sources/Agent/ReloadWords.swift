import POSIX

/// What can be read off a reload command without running it: which units it controls, and what in it can't work without
/// root's rights. A command that is not understood is not judged.
struct ReloadWords: Equatable, Sendable {
    /// A job on a unit, as polkit is asked about it.
    struct UnitControl: Hashable, Sendable, Comparable {
        var verb: String
        var unit: String

        static func < (left: Self, right: Self) -> Bool {
            (left.unit, left.verb) < (right.unit, right.verb)
        }
    }

    /// A program that an agent without root's rights can't use to this end, and why.
    struct Doubt: Hashable, Sendable {
        var program: String
        var reason: String
    }

    private(set) var controls: [UnitControl] = []
    private(set) var doubts: [Doubt] = []

    init(_ command: String) {
        for words in Self.simpleCommands(command) { read(words) }
    }

    private mutating func read(_ words: [String]) {
        // Assignments come before the program.
        let words = words.drop { $0.contains("=") && !$0.hasPrefix("-") && !$0.hasPrefix("/") }
        guard let path = words.first else { return }
        let program = path.pathNames.last ?? path
        let arguments = Array(words.dropFirst())
        switch program {
        case "exec", "command", "env", "nice", "ionice", "timeout":
            // Their own options and numbers come before the program that they run.
            read(Array(arguments.drop { $0.hasPrefix("-") || $0.first?.isNumber ?? true }))
        case "systemctl": systemctl(arguments)
        case "service":
            // On a systemd host it is systemctl by another name.
            if arguments.count >= 2 { systemctl([arguments[1], arguments[0]]) }
        default:
            if let reason = Self.reasons[program] {
                doubts.append(Doubt(program: program, reason: reason))
            }
        }
    }

    private mutating func systemctl(_ arguments: [String]) {
        if arguments.contains("--user") || arguments.contains("--global") { return }
        let words = arguments.filter { !$0.hasPrefix("-") }
        guard let word = words.first, let verb = Self.jobs[word] else { return }
        for unit in words.dropFirst() where !unit.contains("$") && !unit.contains("`") {
            controls.append(UnitControl(verb: verb, unit: Self.hasSuffix(unit) ? unit : unit + ".service"))
        }
    }

    private static func hasSuffix(_ unit: String) -> Bool {
        ["service", "socket", "target", "path", "timer", "mount", "scope", "slice"]
            .contains { unit.hasSuffix(".\($0)") }
    }

    /// systemctl's verbs, and the verb that systemd shows to polkit for each.
    private static let jobs = [
        "reload": "reload", "restart": "restart", "start": "start", "stop": "stop",
        "try-restart": "try-restart", "condrestart": "try-restart",
        "reload-or-restart": "reload-or-restart",
        "try-reload-or-restart": "reload-or-try-restart", "force-reload": "reload-or-try-restart",
    ]

    private static let reasons: [String: String] = {
        let rights = "it can't gain rights: NoNewPrivileges is set"
        let signals = "it may only signal processes of the agent's own user"
        let socket = "it needs a socket that is root's"
        return [
            "sudo": rights, "doas": rights, "su": rights, "runuser": rights, "pkexec": rights,
            "kill": signals, "pkill": signals, "killall": signals, "nginx": signals, "apachectl": signals,
            "apache2ctl": signals, "pg_ctl": signals, "pg_ctlcluster": signals, "docker": socket,
            "podman": socket, "systemd-run": socket,
        ]
    }()
}

extension ReloadWords {
    /// The simple commands of a shell line, each as its words: quotes are taken off, what lies between operators is
    /// apart.
    static func simpleCommands(_ command: String) -> [[String]] {
        var commands: [[String]] = []
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false

        func endWord() {
            if let found = word { words.append(found) }
            word = nil
        }
        func endCommand() {
            endWord()
            if !words.isEmpty { commands.append(words) }
            words = []
        }
        for character in command {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if let open = quote {
                if character == open {
                    quote = nil
                } else if character == "\\" && open == "\"" {
                    isEscaped = true
                } else {
                    word = (word ?? "") + String(character)
                }
            } else {
                switch character {
                case "\\": isEscaped = true
                case "'", "\"":
                    quote = character
                    word = word ?? ""
                case " ", "\t": endWord()
                case ";", "&", "|", "\n", "(", ")", "{", "}": endCommand()
                default: word = (word ?? "") + String(character)
                }
            }
        }
        endCommand()
        return commands
    }
}
