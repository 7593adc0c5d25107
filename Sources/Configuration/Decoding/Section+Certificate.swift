import Lifecycle
import YAML

extension Section {
    /// The managed certificates; nil when there is none or one of them is wrong.
    func certificates() -> [ManagedCertificate]? {
        guard let list = required("certificates"), let items = list.items() else { return nil }
        if items.isEmpty {
            return list.reject(
                "at least one certificate is required",
                hint: "Add an item with a name, a profile and dns_names.")
        }
        let decoded = items.map { Section($0, keys: Schema.certificate).managedCertificate() }
        findRepeatedNames(items)
        let complete = decoded.compactMap(\.self)
        return complete.count == items.count ? complete : nil
    }

    private func findRepeatedNames(_ items: [Field]) {
        var first: [String: Int] = [:]
        for item in items {
            guard case .mapping(let entries) = item.node.content,
                let entry = entries.first(where: { $0.key == "name" }), !entry.value.isNull,
                case .scalar(let name) = entry.value.content
            else { continue }
            guard let line = first[name.text] else {
                first[name.text] = entry.value.start.line
                continue
            }
            findings.add(
                "the name is already taken in line \(line)", hint: "Give each certificate a name of its own.",
                keyPath: "\(item.keyPath).name", at: entry.value.start)
        }
    }

    private func managedCertificate() -> ManagedCertificate? {
        let name = required("name")?.certificateName()
        let profile = required("profile")?.word()
        let dnsNames = dnsNames()
        let outputs = outputPaths()
        let ownership = FileOwnership(
            owner: nonEmpty("owner")?.account(), group: nonEmpty("group")?.account(),
            keyMode: nonEmpty("key_mode")?.mode(), certMode: nonEmpty("cert_mode")?.mode())
        let keyType = choice("key_type", default: KeyType.ecP256)
        let reusesKey = flag("reuse_key", default: false)
        let reload = reloadSetting()
        let renewBefore = self["renew_before"]?.duration().map(RenewBefore.explicit) ?? .standard
        let verify = verifyTarget()
        guard let name, let profile, let dnsNames, let outputs else { return nil }
        return ManagedCertificate(
            name: name, profile: profile, dnsNames: dnsNames, keyType: keyType, reusesKey: reusesKey,
            outputs: outputs, ownership: ownership, reload: reload, renewBefore: renewBefore, verify: verify)
    }

    private func dnsNames() -> DNSNameSet? {
        guard let list = required("dns_names"), let items = list.items() else { return nil }
        if items.isEmpty {
            return list.reject(
                "at least one DNS name is required", hint: "Add a line like - www.example.com.")
        }
        let names = items.map { $0.dnsName() }
        return names.contains(nil) ? nil : DNSNameSet(names.compactMap(\.self))
    }

    private func outputPaths() -> OutputPaths? {
        let key = required("key")?.filePath(.exclusive)
        let cert = required("cert")?.filePath(.exclusive)
        let chain = required("chain")?.filePath(.exclusive)
        let fullchain = required("fullchain")?.filePath(.exclusive)
        let combined = nonEmpty("combined")?.filePath(.exclusive)
        guard let key, let cert, let chain, let fullchain else { return nil }
        return OutputPaths(key: key, cert: cert, chain: chain, fullchain: fullchain, combined: combined)
    }

    /// A command may hold line breaks; a blank one is none.
    private func reloadSetting() -> ReloadSetting? {
        let timeout = duration("reload_timeout", default: .seconds(30))
        guard let field = self["reload_command"], let command = field.scalar()?.text else { return nil }
        if command.unicodeScalars.contains("\0") {
            return field.reject("the command contains a NUL character", hint: "Remove it.")
        }
        return command.allSatisfy(\.isWhitespace) ? nil : ReloadSetting(command: command, timeout: timeout)
    }

    private func verifyTarget() -> VerifyTarget? {
        guard let field = self["verify"] else { return nil }
        let verify = Section(field, keys: Schema.verify)
        let address = verify.required("address")?.hostAndPort()
        let serverName = verify.nonEmpty("server_name")?.dnsName()
        let interval = verify.duration("interval", default: .seconds(3600))
        if interval < .seconds(10) {
            verify["interval"]?.complain("the interval is shorter than ten seconds", hint: "Use 10s or more.")
        }
        return address.map { VerifyTarget(address: $0, serverName: serverName?.text, interval: interval) }
    }
}
