/// Why a certificate is due, in the order in which the reasons are asked for: the first one wins.
public enum RenewalReason: String, Hashable, Sendable, CaseIterable, Codable {
    case missing
    case unreadable
    case keyMissing = "key_missing"
    case keyMismatch = "key_mismatch"
    case namesChanged = "names_changed"
    case keyTypeChanged = "key_type_changed"
    case incomplete
    case requested
    case expiring

    /// The reason as a sentence about the certificate.
    public var explanation: String {
        switch self {
        case .missing: "the certificate file is missing"
        case .unreadable: "the certificate file can't be read"
        case .keyMissing: "the private key is missing beside the certificate"
        case .keyMismatch: "the private key does not belong to the certificate"
        case .namesChanged: "its names differ from dns_names"
        case .keyTypeChanged: "its key is of another type than key_type"
        case .incomplete: "an output file is missing and can't be rebuilt from the others"
        case .requested: "a renewal was asked for"
        case .expiring: "it is inside its renewal window"
        }
    }
}
