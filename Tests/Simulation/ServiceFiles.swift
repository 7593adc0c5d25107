import FoundationEssentials
import Lifecycle

/// A private key, told from others by its number.
struct ServiceKey: Hashable {
    var number: Int
    var type: KeyType
}

/// A certificate as issued. Its times are those of the simulation, on the boottime clock.
struct Leaf: Hashable {
    var serial: Int
    var key: ServiceKey
    var names: DNSNameSet
    var notBefore: Duration
    var notAfter: Duration

    var lifetime: Duration { notAfter - notBefore + .seconds(1) }

    var facts: InstalledCertificate {
        InstalledCertificate(
            serial: String(serial, radix: 16), notBefore: WorldTime.date(notBefore),
            notAfter: WorldTime.date(notAfter), dnsNames: names.texts, keyType: key.type, issuer: "CA",
            sha256: "", spkiSHA256: "")
    }
}

/// The one true calendar of the simulated world.
enum WorldTime {
    static let start: Duration = .seconds(1000)

    static func date(_ time: Duration) -> Date { Date(timeIntervalSince1970: 1_800_000_000 + time.seconds) }
}

/// The output files of one certificate.
struct ServiceFiles {
    private(set) var leaf: Leaf?
    private(set) var key: ServiceKey?
    /// What a look gives.
    private(set) var found = FoundCertificate(
        certificate: .missing, key: .missing, lost: Set(Output.allCases))

    /// There is a certificate with its key.
    var isServable: Bool { leaf != nil && found.key == .matches }

    mutating func install(_ leaf: Leaf) {
        self.leaf = leaf
        key = leaf.key
        found = FoundCertificate(certificate: .installed(leaf.facts), key: .matches)
    }

    mutating func rebuild() { found.rebuildable = [] }

    enum Damage: CaseIterable { case deleted, keyDeleted, keySwapped, corrupted, chainDeleted, fullchainLost }

    mutating func suffer(_ damage: Damage, strayKey: ServiceKey) {
        switch damage {
        case .deleted: self = ServiceFiles()
        case .corrupted:
            leaf = nil
            found.certificate = .unreadable("no certificate in it")
            found.key = key == nil ? .missing : .mismatch
        case .keyDeleted:
            key = nil
            found.key = .missing
        case .keySwapped:
            key = strayKey
            found.key = .mismatch
        case .chainDeleted: if leaf != nil { found.rebuildable = [.chain] }
        case .fullchainLost: if leaf != nil { found.lost = [.fullchain] }
        }
    }
}
