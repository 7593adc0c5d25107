public import Configuration

/// The script that gives the shipped unit what a configuration needs, and nothing more: a systemd drop-in, a polkit
/// rule, and directories that the agent may write. For an administrator to read, and then to run.
public struct UnitDropIn: Sendable {
    static let account = "certplane"
    static let unit = "certplane-agent.service"
    static let rulePath = "/etc/polkit-1/rules.d/50-certplane-agent.rules"
    /// What the shipped unit may write already.
    static let plain = ["/etc/ssl/certplane", "/etc/certplane/agent", "/var/lib/certplane", "/run/certplane"]
    /// To give files away, and to go on seeing them afterwards.
    static let capabilities = "CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH"

    let needs: UnitNeeds
    /// Directories of outputs that belong to others.
    let foreign: [String]

    /// Looks at the outputs' directories, to see whose they are.
    public init(_ settings: AgentConfiguration) {
        self.init(settings) { UnitNeeds.isForeign($0, to: Self.account) }
    }

    init(_ settings: AgentConfiguration, isForeign: (String) -> Bool) {
        needs = UnitNeeds(settings, account: Self.account)
        foreign = needs.outputDirectories.filter(isForeign)
    }

    /// The directories beyond those that the unit may write already.
    var directories: [String] { needs.writable.filter { !UnitNeeds.lies($0, in: Self.plain) } }

    /// Which places the units have to reach.
    private var places: [String] {
        var lines: [String] = []
        if !directories.isEmpty {
            lines.append("# Where the configuration has files written.")
            lines += directories.map { "ReadWritePaths=-\(Self.escaped($0))" }
        }
        if needs.reachesHome { lines += ["# Some of them lie where users live.", "ProtectHome=no"] }
        if needs.reachesTemporary { lines += ["# Some of them lie in the host's /tmp.", "PrivateTmp=no"] }
        return lines
    }

    /// What it takes to install files as the configuration wants them.
    private var rights: [String] {
        if needs.givesAway {
            return [
                "# Files are given to other users. Reload commands start without these capabilities.",
                "CapabilityBoundingSet=\(Self.capabilities)", "AmbientCapabilities=\(Self.capabilities)",
            ]
        }
        if needs.groups.isEmpty { return [] }
        return [
            "# Files are given to these groups, which a member may do without a capability.",
            "SupplementaryGroups=\(needs.groups.joined(separator: " "))",
        ]
    }

    /// The drop-in's text; nil if the unit suffices as shipped.
    var dropIn: String? { Self.section(places + rights) }

    /// The units that a drop-in is for, with its text: the agent's, the one that puts files in order at boot, and the
    /// one that enrols, which writes the identity but no outputs.
    private var dropIns: [(unit: String, text: String)] {
        let texts = [
            (Self.unit, dropIn), ("certplane-agent-recover.service", dropIn),
            ("certplane-agent-enroll.service", Self.section(places)),
        ]
        return texts.compactMap { unit, text in text.map { (unit, $0) } }
    }

    private static func section(_ lines: [String]) -> String? {
        lines.isEmpty ? nil : (["[Service]"] + lines).map { $0 + "\n" }.joined()
    }

    /// The polkit rule's text; nil if no reload command asks systemd for anything.
    var rule: String? {
        guard !needs.controls.isEmpty else { return nil }
        let jobs = needs.controls.map { "        \(Self.quoted("\($0.verb) \($0.unit)"))" }
        return """
            // The jobs that reload commands in the agent's configuration ask systemd for.
            polkit.addRule(function(action, subject) {
                var jobs = [
            \(jobs.joined(separator: ",\n"))
                ];
                if (action.id == "org.freedesktop.systemd1.manage-units" && subject.user == "\(Self.account)" &&
                    jobs.indexOf(action.lookup("verb") + " " + action.lookup("unit")) >= 0)
                    return polkit.Result.YES;
            });

            """
    }

    /// The whole, as a shell script.
    public var script: String {
        var parts = [
            "#!/bin/sh\n# What this configuration needs of certplane-agent.service. Read it, then run it as root:\n"
                + "#   certplane-agent check --unit | sudo sh\nset -e\n"
        ]
        for doubt in needs.doubts {
            parts.append(
                "# \(doubt.certificate): the reload command's '\(doubt.doubt.program)' can't work under the unit: "
                    + "\(doubt.doubt.reason).\n")
        }
        parts += Set(directories + foreign).sorted().map(Self.preparation)
        parts += dropIns.map { Self.file("/etc/systemd/system/\($0.unit).d/50-configuration.conf", $0.text) }
        if let rule { parts.append(Self.file(Self.rulePath, rule)) }
        parts.append(
            dropIn == nil && rule == nil
                ? foreign.isEmpty ? "# Nothing: the unit suffices as it is.\n" : ""
                : "systemctl daemon-reload\nsystemctl try-restart \(Self.unit)\n")
        return parts.joined(separator: "\n")
    }

    private static func preparation(_ directory: String) -> String {
        let path = shellQuoted(directory)
        // The members of a group of its own would lose the directory.
        return """
            [ -d \(path) ] || install -d -o \(account) -g \(account) -m 0755 \(path)
            runuser -u \(account) -- test -r \(path) -a -w \(path) -a -x \(path) || case "$(stat -c %G \(path))" in
                root | \(account)) chgrp \(account) \(path) && chmod g+rwx \(path) ;;
                *) echo \(path)' is used by a group of its own: give the outputs another directory,' \
                    'or let \(account) write here, for example by setfacl' >&2; exit 1 ;;
            esac

            """
    }

    private static func file(_ path: String, _ content: String) -> String {
        "install -d \(UnitNeeds.directory(of: path))\ncat >\(path) <<'END'\n\(content)END\nchmod 0644 \(path)\n"
    }

    /// For a list of paths in a unit file (systemd.syntax(7)): quotes, and specifiers begin with `%`.
    private static func escaped(_ path: String) -> String {
        let doubled = path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
        guard doubled.contains(where: { $0 == " " || $0 == "\"" || $0 == "'" || $0 == "\\" }) else {
            return doubled
        }
        return quoted(doubled)
    }

    /// Between double quotes, as unit files and JavaScript both read it.
    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }

    private static func shellQuoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
