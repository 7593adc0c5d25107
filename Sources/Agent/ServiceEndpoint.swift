/// Where a service listens: the host and the port of `verify.address`.
struct ServiceEndpoint: Equatable, Sendable {
    static let postgreSQLPort: UInt16 = 5432

    let host: String
    let port: UInt16

    /// Reads `host:port` or `[address]:port`, as the configuration has checked it.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let name = text[..<colon]
        host = String(name.hasPrefix("[") ? name.dropFirst().dropLast() : name)
        self.port = port
    }

    /// What a client indicates in the handshake; numbers are not indicated (RFC 6066, 3).
    var indicatedName: String? {
        let isNumber = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isNumber ? nil : host
    }
}
