import POSIX

extension Inspection {
    /// What this configuration asks for and the installed unit doesn't give; nothing where there is no such unit.
    public func unitFindings() -> [Finding] {
        guard let unit = ServiceUnit(named: UnitDropIn.unit) else { return [] }
        return unitFindings(unit, polkitRules: Self.polkitRules())
    }

    /// - Parameter polkitRules: the text of the host's rules; nil if they can't be read.
    func unitFindings(_ unit: ServiceUnit, polkitRules: String?) -> [Finding] {
        let subject = UnitDropIn.unit
        let advice = "Read what `certplane-agent check --unit` prints, and apply it."
        let account = unit.value("User") ?? "root"
        let needs = UnitNeeds(settings, account: account)
        var findings: [Finding] = []
        func warn(_ message: String, _ words: String = advice) {
            findings.append(Finding(.warning, subject, message, advice: words))
        }

        if unit.isStrict {
            for directory in needs.writable where !UnitNeeds.lies(directory, in: unit.writable) {
                warn("\(directory) is outside what the unit may write")
            }
        }
        if needs.reachesHome,
            ["yes", "true", "read-only", "tmpfs"].contains(unit.value("ProtectHome") ?? "no")
        {
            warn("some files lie below /home, /root or /run/user, which the unit doesn't see")
        }
        if needs.reachesTemporary, ["yes", "true"].contains(unit.value("PrivateTmp") ?? "no") {
            warn("some files lie in /tmp, of which the unit has one of its own")
        }
        if !unit.isRoots {
            for directory in needs.outputDirectories where UnitNeeds.isForeign(directory, to: account) {
                warn("\(directory) isn't \(account)'s to write")
            }
            let capabilities = unit.list("AmbientCapabilities")
            if needs.givesAway, !capabilities.contains("CAP_CHOWN") {
                warn("files are to belong to another user, and the unit may not give them away")
            } else if !needs.givesAway {
                let missing = Set(needs.groups).subtracting(unit.list("SupplementaryGroups")).sorted()
                if !missing.isEmpty, !capabilities.contains("CAP_CHOWN") {
                    warn(
                        "files are to belong to \(missing.joined(separator: ", ")), and \(account) is no member"
                    )
                }
            }
            for control in needs.controls where polkitRules.map({ !Self.allows($0, control) }) ?? false {
                warn("no polkit rule lets \(account) \(control.verb) \(control.unit)")
            }
            for doubt in needs.doubts {
                warn(
                    "the reload command of \(doubt.certificate) can't work under it: "
                        + "'\(doubt.doubt.program)': \(doubt.doubt.reason)",
                    "Use `systemctl reload UNIT`, with the polkit rule of `certplane-agent check --unit`.")
            }
        }
        return findings.isEmpty
            ? [Finding(.ok, subject, "the unit gives what the configuration needs")] : findings
    }

    /// A rule is a program; one that names both the unit and the agent's user is believed.
    private static func allows(_ rules: String, _ control: ReloadWords.UnitControl) -> Bool {
        rules.contains(control.unit) && rules.contains(UnitDropIn.account)
    }

    /// All rules of the host; nil where they can't be read, as by anybody but root.
    private static func polkitRules() -> String? {
        var text = ""
        for folder in ["/etc/polkit-1/rules.d", "/usr/share/polkit-1/rules.d"] {
            do {
                for name in try Directory.open(folder).entries() where name.hasSuffix(".rules") {
                    text += String(
                        decoding: try File.read("\(folder)/\(name)", limit: 1 << 20), as: UTF8.self)
                }
            } catch {
                if error.errno != .notFound { return nil }
            }
        }
        return text
    }
}
