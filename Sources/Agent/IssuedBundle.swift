import Lifecycle

/// A certificate from the broker that passed every check of ``BundleChecks``, in the bytes that were sent.
struct IssuedBundle: Sendable {
    /// The private key that the certificate is for.
    enum Key: Sendable {
        /// The pending one: it is installed together with the certificate.
        case pending
        /// The one that is installed already and stays.
        case installed
    }

    let key: Key
    let leaf: InstalledCertificate
    let certificatePEM: String
    let chainPEM: String
    let fullchainPEM: String
    /// The broker had it already and placed no new order.
    let wasCached: Bool
    /// What is odd about it without being wrong, for the log.
    let warnings: [String]
}

/// What the checks of an answer came to.
enum BundleVerdict: Sendable {
    case issued(IssuedBundle)
    /// The broker sent what is installed already: there is nothing to install and nothing to reload.
    case unchanged(serial: String)
}
