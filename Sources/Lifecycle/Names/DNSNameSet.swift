/// The names of one certificate: at least one, without repetition, sorted bytewise.
public struct DNSNameSet: Hashable, Sendable {
    public let names: [DNSName]

    /// `nil` for an empty list.
    public init?(_ names: some Sequence<DNSName>) {
        let canonical = Set(names).sorted()
        if canonical.isEmpty { return nil }
        self.names = canonical
    }

    private init(known names: [DNSName]) { self.names = names }

    func detached() -> DNSNameSet { DNSNameSet(known: names.map { $0.detached() }) }

    /// The names as text, in canonical order.
    public var texts: [String] { names.map(\.text) }

    /// The first name that fits the 64 octets of a common name (RFC 5280, ub-common-name), if any does.
    public var commonName: String? { names.first { $0.text.utf8.count <= 64 }?.text }

    /// Whether a certificate with these names is for exactly this set, whatever its order and case.
    public func equals(_ found: [String]) -> Bool {
        // As a broker mostly writes them.
        if found.count == names.count, zip(found, names).allSatisfy({ $0 == $1.text }) { return true }
        let lowered = found.map { String(decoding: $0.utf8.map(DNSName.lowered), as: UTF8.self) }
        return Set(lowered) == Set(texts)
    }
}
