/// What `certplane-broker lab` was asked to be.
public struct LabOptions: Equatable, Sendable {
    /// Where everything is kept; the one option that is required.
    public var directory: String
    /// The broker's listener. Port 0 is any free one.
    public var listen = LoopbackAddress.anyPort
    /// step-ca's listener.
    public var stepCAListen = LoopbackAddress.anyPort
    /// `api.listen` of the generated agent.yml, as written there; `off` for none.
    public var apiListen = "127.0.0.1:9780"
    /// `reload_command` of the generated agent.yml's certificates; nil for none.
    public var reloadCommand: String?
    /// Of service certificates.
    public var lifetime: Duration = .seconds(90 * 86_400)
    /// Of identity certificates.
    public var identityLifetime: Duration = .seconds(86_400)
    /// The common name the bootstrap token is for.
    public var identity = "edge01.lab.test"
    /// The certificates of the generated agent.yml, each with a profile of the same name.
    public var certificates: [LabCertificate] = []
    public var limits = HourlyLimits.standard
    /// How long the CA takes for an order.
    public var issueDelay: Duration = .zero
    /// The faults that are switched on at the start, as they were written.
    public var faults: [String] = []

    /// Everything by default, in `directory`.
    public init(directory: String) {
        self.directory = directory
        certificates = [LabCertificate(names: Self.standardNames)].compactMap { $0 }
    }

    static let standardNames = ["www.lab.test", "api.lab.test"]
}

/// One certificate of the lab's host, and the profile of the same name.
public struct LabCertificate: Equatable, Sendable {
    public var name: String
    public var names: [String]

    /// Named for the first label of its first name; nil when there is no name.
    public init?(names: [String]) {
        guard let first = names.first, let label = first.split(separator: ".").first else { return nil }
        self.name = label == "*" ? "wildcard" : String(label)
        self.names = names
    }

    /// `count` certificates of one name each: c0001.lab.test, c0002.lab.test, …
    public static func numbered(_ count: Int) -> [LabCertificate] {
        (1...max(count, 1)).compactMap { number in
            let digits = String(number)
            let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            return LabCertificate(names: ["c\(padded).lab.test"])
        }
    }
}

/// An IPv4 loopback address with a port.
public struct LoopbackAddress: Equatable, Sendable {
    public var host: String
    public var port: UInt16

    /// Any free port on 127.0.0.1.
    public static let anyPort = LoopbackAddress(host: "127.0.0.1", port: 0)

    /// An address in 127.0.0.0/8.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.x.y.z:PORT`, `localhost:PORT` or `:PORT`; nil for everything that others could reach.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.isEmpty || host == "localhost" {
            self.init(host: "127.0.0.1", port: port)
            return
        }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        guard octets.count == 4, octets[0] == "127", octets.allSatisfy({ UInt8($0) != nil }) else {
            return nil
        }
        self.init(host: String(host), port: port)
    }
}
