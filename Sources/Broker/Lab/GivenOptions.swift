/// The options as they come, before the defaults that depend on each other.
struct GivenOptions {
    var directory: String?
    var listen: LoopbackAddress?
    var stepCAListen: LoopbackAddress?
    var apiListen: String?
    var reloadCommand: String?
    var lifetime: Duration?
    var identityLifetime: Duration?
    var identity: String?
    var names: [String]?
    var certificates: Int?
    var limits: HourlyLimits?
    var issueDelay: Duration?
    var faults: [String] = []

    mutating func read(_ arguments: [String]) throws(LabOptionsProblem) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard Self.known.contains(name) else {
                throw LabOptionsProblem(description: "unknown option \"\(argument)\"")
            }
            guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw LabOptionsProblem(description: "\(name) needs a value")
            }
            try set(name, value)
        }
    }

    private static let known: Set = [
        "--dir", "--listen", "--step-ca-listen", "--api-listen", "--reload-command", "--lifetime",
        "--identity-lifetime", "--identity", "--names", "--certificates", "--rate-limit", "--issue-delay",
        "--fault",
    ]

    private mutating func set(_ name: String, _ value: String) throws(LabOptionsProblem) {
        switch name {
        case "--dir": directory = value
        case "--listen": listen = try Self.address(value, name)
        case "--step-ca-listen": stepCAListen = try Self.address(value, name)
        case "--api-listen": apiListen = try Self.apiAddress(value, name)
        case "--reload-command": reloadCommand = value
        case "--lifetime": lifetime = try Self.positive(value, name)
        case "--identity-lifetime": identityLifetime = try Self.positive(value, name)
        case "--identity": identity = try Self.dnsNames(value, name).first
        case "--names": names = try Self.dnsNames(value, name)
        case "--certificates": certificates = try Self.count(value, name)
        case "--rate-limit": limits = try Self.limits(value, name)
        case "--issue-delay": issueDelay = try Self.duration(value, name)
        case "--fault":
            do throws(FaultSpecProblem) {
                _ = try FaultSpec(parsing: value)
            } catch {
                throw LabOptionsProblem(description: "\(name): \(error)")
            }
            faults.append(value)
        default: break
        }
    }

    private static func address(_ text: String, _ option: String) throws(LabOptionsProblem) -> LoopbackAddress
    {
        guard let address = LoopbackAddress(text) else {
            throw LabOptionsProblem(
                description:
                    "\(option): \"\(text)\" is not a loopback address with a port, like 127.0.0.1:9443")
        }
        return address
    }

    private static func apiAddress(_ text: String, _ option: String) throws(LabOptionsProblem) -> String {
        if text == "off" { return text }
        let address = try Self.address(text, option)
        return "\(address.host):\(address.port)"
    }

    private static func duration(_ text: String, _ option: String) throws(LabOptionsProblem) -> Duration {
        guard let duration = DurationText.parse(text) else {
            throw LabOptionsProblem(
                description: "\(option): \"\(text)\" is not a duration, like 90d, 24h or 500ms")
        }
        return duration
    }

    private static func positive(_ text: String, _ option: String) throws(LabOptionsProblem) -> Duration {
        let duration = try Self.duration(text, option)
        guard duration >= .seconds(2) else {
            throw LabOptionsProblem(description: "\(option): at least 2s, certificates count whole seconds")
        }
        return duration
    }

    private static func count(_ text: String, _ option: String) throws(LabOptionsProblem) -> Int {
        guard let count = Int(text), (1...100_000).contains(count) else {
            throw LabOptionsProblem(description: "\(option): \"\(text)\" is not a number from 1 to 100000")
        }
        return count
    }

    private static func limits(_ text: String, _ option: String) throws(LabOptionsProblem) -> HourlyLimits {
        if text == "off" { return .off }
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let identity = numbers[0], let profile = numbers[1], identity >= 0,
            profile >= 0
        else {
            throw LabOptionsProblem(
                description: "\(option): \"\(text)\" is not two numbers, like 50,20, nor off")
        }
        return HourlyLimits(perIdentity: identity, perProfile: profile)
    }

    private static func dnsNames(_ text: String, _ option: String) throws(LabOptionsProblem) -> [String] {
        let names = text.split(separator: ",").map(String.init)
        let wildcards = names.filter { $0.hasPrefix("*.") }
        guard wildcards.isEmpty || wildcards.count == names.count else {
            throw LabOptionsProblem(description: "\(option): a profile holds only wildcards or none")
        }
        guard !names.isEmpty else { throw LabOptionsProblem(description: "\(option): no names") }
        return names
    }
}
