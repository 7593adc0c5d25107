import Lifecycle
import PKI
import YAML

extension BrokerPolicy {
    /// Reads a policy file and holds it to all its rules; every broken one is reported.
    public init(reading bytes: [UInt8], name: String = "policy.yml") throws(PolicyProblems) {
        let document = Document(reading: SourceText(name: name, bytes: bytes))
        var reader = PolicyReader(problems: document.problems.map { PolicyProblem($0) })
        if let root = document.root {
            reader.read(root)
        } else if reader.problems.isEmpty {
            reader.problems.append(
                PolicyProblem(at: SourcePosition(line: 1, column: 1), "the policy is empty"))
        }
        guard reader.problems.isEmpty else {
            throw PolicyProblems(
                problems: reader.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
        }
        self.init(profiles: reader.profiles, hosts: reader.hosts)
    }
}

/// One reading of a policy file.
private struct PolicyReader {
    var problems: [PolicyProblem]
    var profiles: [String: BrokerPolicy.Profile] = [:]
    var hosts: [String: BrokerPolicy.Host] = [:]

    /// Also those with problems of their own, so that a reference to one is not a second problem.
    private var profileNames: Set<String> = []
    private var identities: Set<String> = []

    init(problems: [PolicyProblem]) {
        self.problems = problems
    }

    mutating func read(_ root: Node) {
        let known = ["version", "profiles", "hosts"]
        guard let file = PolicyMapping(root, of: "the policy", known: known, &problems) else { return }
        if let version = file.text("version", &problems), version.text != "1" {
            problems.append(
                PolicyProblem(at: version.at, "version \(version.text) is not known", hint: "it is 1"))
        }
        for entry in file["profiles"].flatMap({ PolicyMapping.entries($0, of: "profiles", &problems) }) ?? []
        {
            profileNames.insert(entry.key)
            if let profile = profile(entry) { profiles[entry.key] = profile }
        }
        for entry in file["hosts"].flatMap({ PolicyMapping.entries($0, of: "hosts", &problems) }) ?? [] {
            if let host = host(entry) { hosts[entry.key] = host }
        }
    }

    private mutating func profile(_ entry: Entry) -> BrokerPolicy.Profile? {
        let known = ["type", "dns_names", "acme", "renew_before"]
        let what = "profile \"\(entry.key)\""
        guard let mapping = PolicyMapping(entry.value, of: what, known: known, &problems) else { return nil }
        let type = type(mapping)
        let names = names(mapping, type)
        let acme = acme(mapping, type)
        let renewBefore = renewBefore(mapping)
        guard let type, let names, let acme, let renewBefore else { return nil }
        let parts = [
            type.rawValue, names.texts.joined(separator: ","), acme.challenge.rawValue,
            acme.credentials ?? "",
            "\(renewBefore.components.seconds)",
        ]
        return BrokerPolicy.Profile(
            type: type, names: names, challenge: acme.challenge, credentials: acme.credentials,
            renewBefore: renewBefore, hash: SHA256.hex(Array(parts.joined(separator: "\n").utf8)))
    }

    private mutating func type(_ mapping: PolicyMapping) -> BrokerPolicy.ProfileType? {
        guard let found = mapping.text("type", &problems) else { return nil }
        guard let type = BrokerPolicy.ProfileType(rawValue: found.text) else {
            problems.append(
                PolicyProblem(
                    at: found.at, "unknown type \"\(found.text)\"", hint: "it is wildcard or multi_san"))
            return nil
        }
        return type
    }

    private mutating func names(_ mapping: PolicyMapping, _ type: BrokerPolicy.ProfileType?) -> DNSNameSet? {
        var names: [DNSName] = []
        for (text, place) in mapping.texts("dns_names", &problems) {
            do throws(DNSNameProblem) {
                let name = try DNSName(validating: text)
                names.append(name)
                if let type, name.isWildcard != (type == .wildcard) {
                    let hint = "wildcard profiles hold only wildcards, the others none"
                    problems.append(
                        PolicyProblem(at: place, "\(name) in a \(type.rawValue) profile", hint: hint))
                }
            } catch {
                problems.append(PolicyProblem(at: place, "\"\(text)\": \(error)"))
            }
        }
        return DNSNameSet(names)
    }

    private mutating func acme(
        _ mapping: PolicyMapping, _ type: BrokerPolicy.ProfileType?
    ) -> (challenge: BrokerPolicy.Challenge, credentials: String?)? {
        guard let node = mapping["acme"] else {
            problems.append(PolicyProblem(at: mapping.start, "\"acme\" is missing"))
            return nil
        }
        let known = ["challenge", "credentials"]
        guard let acme = PolicyMapping(node, of: "acme", known: known, &problems) else { return nil }
        guard let found = acme.text("challenge", &problems) else { return nil }
        guard let challenge = BrokerPolicy.Challenge(rawValue: found.text) else {
            let hint = "it is dns-01 or http-01"
            problems.append(PolicyProblem(at: found.at, "unknown challenge \"\(found.text)\"", hint: hint))
            return nil
        }
        if challenge == .http01, type == .wildcard {
            problems.append(PolicyProblem(at: found.at, "http-01 can't prove a wildcard", hint: "use dns-01"))
        }
        return (challenge, acme["credentials"] == nil ? nil : acme.text("credentials", &problems)?.text)
    }

    private mutating func renewBefore(_ mapping: PolicyMapping) -> Duration? {
        let standard = Duration.seconds(720 * 3600)
        guard mapping["renew_before"] != nil else { return standard }
        guard let found = mapping.text("renew_before", &problems) else { return nil }
        guard let duration = DurationText.parse(found.text) else {
            let hint = "write it like 720h or 1h30m"
            problems.append(PolicyProblem(at: found.at, "\"\(found.text)\" is not a duration", hint: hint))
            return nil
        }
        // As everywhere in these files, nothing is "unset".
        return duration == .zero ? standard : duration
    }

    private mutating func host(_ entry: Entry) -> BrokerPolicy.Host? {
        let known = ["identity", "profiles"]
        let what = "host \"\(entry.key)\""
        guard let mapping = PolicyMapping(entry.value, of: what, known: known, &problems) else { return nil }
        let identity = mapping.text("identity", &problems)
        if let identity, !identities.insert(identity.text).inserted {
            problems.append(
                PolicyProblem(at: identity.at, "identity \"\(identity.text)\" is another host's too"))
        }
        let wanted = mapping.texts("profiles", &problems)
        for (text, place) in wanted where !profileNames.contains(text) {
            problems.append(PolicyProblem(at: place, "there is no profile \"\(text)\""))
        }
        guard let identity else { return nil }
        return BrokerPolicy.Host(identity: identity.text, profiles: Set(wanted.map(\.text)))
    }
}
